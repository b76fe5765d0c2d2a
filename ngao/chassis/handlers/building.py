"""Makes nameko's service class of what use cases declare, with the trace, caller, unit, retries and serialisation of each."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from nameko.extensions import DependencyProvider, Entrypoint, register_entrypoint
from nameko.timer import Timer as NamekoTimer

from ngao.chassis import pages
from ngao.chassis.approvals.asking import always
from ngao.chassis.chassis import Chassis
from ngao.chassis.handlers.binding import Binding, bind, check_route
from ngao.chassis.handlers.context import Parts
from ngao.chassis.handlers.declaring import Subscription, before_publishing, declared, every, measures, on_edge
from ngao.chassis.http.auditing import Itself
from ngao.chassis.http.bounds import as_seen, check_bounds
from ngao.chassis.http.call import Call, Response
from ngao.chassis.http.entrypoint import HttpEntrypoint, answered
from ngao.chassis.http.operation import Endpoint, Operation
from ngao.chassis.messaging.consumer import Consumes
from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held_heads import hold_heads
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.storage.units import attempt
from ngao.chassis.timers import guarded
from ngao.contracts import CATALOGUE, Event, Payload, gives_notice, received

_HEADS = ".audit.noted.v1"


class PartsProvider(DependencyProvider):
    """Gives each worker the one parts object of the process."""

    def get_dependency(self, worker_ctx: Any) -> Any:
        """Return the parts, which the service's `open` has made."""
        return worker_ctx.container.parts


class Service:
    """The base of what `build` makes. `parts` is the process's parts while a worker runs."""

    parts: Any = PartsProvider()
    parts_type: type[Parts[Any]]
    endpoints: Mapping[str, Endpoint]
    documents: tuple[type[Stored], ...]
    measurements: tuple[tuple[float, Binding], ...]
    rechecks: tuple[tuple[type[Payload], Binding], ...]

    @classmethod
    def open(cls, chassis: Chassis) -> Parts[Any]:
        """Make the parts, the collections and the indexes; register what is measured. Raises Misconfigured, Unavailable."""
        parts = cls.parts_type(chassis)
        parts.endpoints = cls.endpoints
        chassis.open(cls.documents)
        parts.begin()
        for seconds, bound in cls.measurements:
            chassis.gauges.every(seconds, partial(_measure, parts, bound))
        for payload, bound in cls.rechecks:
            chassis.rechecks.register(payload.type_name, partial(_may_leave, parts, payload, bound))
        return parts


def build(name: str, doc: str, parts: type[Parts[Any]], features: Iterable[ModuleType]) -> type[Service]:
    """Make the service class of all functions with a declaration in these packages and modules, and of the chassis's pages.

    Raises TypeError for a declaration that cannot work: two functions or operations of one name, a parameter that nothing
    fills, a notice asked of an event that this service gets whole.
    """
    defined = _defined_in((pages, *features))
    made = [(each, declaration) for each in defined for declaration in declared(each)]
    members: dict[str, Any] = {
        "__doc__": doc,
        "__module__": f"services.{name}.service",
        "name": name,
        "parts_type": parts,
        "endpoints": _endpoints((function, each) for function, each in made if isinstance(each, Operation)),
        "measurements": tuple((each.seconds, bind(function)) for function, each in made if isinstance(each, measures)),
        "rechecks": tuple(
            (each.payload, bind(function, event=True)) for function, each in made if isinstance(each, before_publishing)
        ),
        "documents": tuple(each for each in defined if isinstance(each, type) and issubclass(each, Stored)),
    }
    for function, declaration in made:
        for key, work, entrypoint in _entrypoints(name, function, declaration, members["endpoints"]):
            if key in members or hasattr(Service, key):
                raise TypeError(f"{name}: two entrypoints are called {key}")
            members[key] = _method(key, function, work, entrypoint)
    for entry in CATALOGUE.values():
        if entry.name.endswith(_HEADS) and name in entry.subscribers:
            key = f"on_audit_of_{entry.owner}"
            members[key] = _method(key, hold_heads, partial(attempt, _hold), Consumes(entry.name))
    return type(f"{name.capitalize()}Service", (Service,), members)


def _defined_in(features: Iterable[ModuleType]) -> list[Any]:
    """Return the objects that the modules of these features define themselves, without imported ones, in a fixed order."""
    modules = [each for feature in features for each in _modules(feature)]
    return [each for module in modules for each in vars(module).values() if getattr(each, "__module__", None) == module.__name__]


def _modules(module: ModuleType) -> Iterator[ModuleType]:
    yield module
    for found in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{module.__name__}."):
        yield from _modules(import_module(found.name))


def _entrypoints(
    service: str, function: Callable[..., Any], declaration: Any, endpoints: Mapping[str, Endpoint]
) -> Iterator[tuple[str, Callable[..., Any], Entrypoint]]:
    """Yield the method name, the work and the nameko entrypoint for each entrypoint of a function."""
    name = function.__name__
    match declaration:
        case Operation(operation=operation):
            yield name, partial(_in_worker, endpoints[operation]), HttpEntrypoint(endpoints[operation])
        case Subscription(payloads, as_notice, repeatable):
            bound = bind(function, event=True)
            for payload in payloads:
                type_name = payload.type_name
                if gives_notice(type_name, service) is not as_notice:
                    form = "whole" if as_notice else "as a notice"
                    raise TypeError(f"{function.__qualname__}: {service} gets {type_name} {form}")
                kind = CATALOGUE[type_name].notice_payload if as_notice else payload
                key = f"on_{type_name.removesuffix('.v1').replace('.', '_')}"
                yield key, partial(attempt, _handle, bound, kind), Consumes(type_name, repeatable=repeatable)
        case on_edge(exchange, queue, outsiders):
            yield name, partial(attempt, _deliver, bind(function)), Consumes(exchange, queue=queue, outsiders=outsiders)
        case every(seconds):
            yield name, guarded(partial(_tick, bind(function)), name), NamekoTimer(interval=seconds)


def _method(name: str, function: Callable[..., Any], work: Callable[..., Any], entrypoint: Entrypoint) -> Callable[..., Any]:
    """Make a method of the service class, with the name, docstring and module of the function for introspection."""

    def method(self: Any, /, *given: Any, **values: Any) -> Any:
        return work(self, *given, **values)

    method.__name__, method.__doc__, method.__module__ = name, function.__doc__, function.__module__
    method.__qualname__ = f"{function.__module__}.{function.__name__}"
    register_entrypoint(method, entrypoint)
    return method


def _endpoints(made: Iterable[tuple[Callable[..., Any], Operation]]) -> dict[str, Endpoint]:
    found: dict[str, Endpoint] = {}
    for function, operation in made:
        if operation.operation in found:
            raise TypeError(f"{function.__qualname__}: another operation is called {operation.operation}")
        found[operation.operation] = _endpoint(function, operation)
    return found


def _endpoint(function: Callable[..., Any], operation: Operation) -> Endpoint:
    bound = bind(function)
    check_route(function, bound, operation.path, has_request=operation.request is not None)
    reads = operation.method == "GET" and not isinstance(operation.audit, Itself)
    second = operation.two_person or always
    demands = always if second is always else partial(_demand, bind(second))
    return Endpoint(operation, partial(_within_bounds, operation, partial(_answer, bound, reads)), demands)


def _in_worker(endpoint: Endpoint, service: Service, call: Call, /, **values: str) -> Any:
    return answered(endpoint, service.parts, call, values)


def _within_bounds(declared: Operation, run: Callable[..., Any], parts: Parts[Any], call: Call, values: Mapping[str, str]) -> Any:
    check_bounds(declared, call)
    return as_seen(run(parts, call, values), declared, call)


def _answer(bound: Binding, reads: bool, parts: Parts[Any], call: Call, values: Mapping[str, str]) -> Any:  # noqa: FBT001 - bound once
    handle = partial(bound.function, **bound.arguments(call, values))
    outcome = handle(bound.reading(parts, call.principal)) if reads or bound.on_parts else parts.run(handle, call)
    return Response(204, None) if outcome is None else outcome


def _demand(bound: Binding, parts: Parts[Any], call: Call, values: Mapping[str, str]) -> bool:
    given = bound.arguments(call, {name: value for name, value in values.items() if name in bound.named})
    return bool(bound.function(bound.reading(parts, call.principal), **given))


def _handle(bound: Binding, kind: Any, service: Service, unit: Unit, event: Event) -> None:
    bound.with_event(service.parts.context(unit), received(kind, event), event)


def _hold(service: Service, unit: Unit, event: Event) -> None:
    hold_heads(unit, event, service.parts.chassis.name)


def _deliver(bound: Binding, service: Service, unit: Unit, delivery: Delivery) -> None:
    bound.function(service.parts.context(unit), delivery)


def _tick(bound: Binding, service: Service) -> None:
    parts = service.parts
    if bound.on_parts:
        bound.function(parts)
    else:
        parts.run(bound.function)


def _measure(parts: Parts[Any], bound: Binding) -> None:
    bound.function(bound.reading(parts))


def _may_leave(parts: Parts[Any], payload: type[Payload], bound: Binding, unit: Unit, event: Event) -> bool:
    return bool(bound.with_event(parts.context(unit), received(payload, event), event))
