"""Makes nameko's service class of what use cases declare: trace, caller, unit, retries and serialisation stand here, once."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from nameko.extensions import DependencyProvider
from nameko.timer import timer

from ngao.chassis.approvals.asking import always
from ngao.chassis.chassis import Chassis
from ngao.chassis.handlers.binding import Binding, answer, bind, check_route
from ngao.chassis.handlers.context import Parts
from ngao.chassis.handlers.declaring import (
    EdgeSubscription,
    HttpRoute,
    Measurement,
    Recheck,
    Subscription,
    Timer,
    declared,
)
from ngao.chassis.http.auditing import Itself
from ngao.chassis.http.call import Call
from ngao.chassis.http.endpoints import ChassisEndpoints
from ngao.chassis.http.entrypoint import http
from ngao.chassis.messaging.consumer import Delivery, consumes, consumes_edge
from ngao.chassis.messaging.holding import holds_heads
from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.timers import guarded
from ngao.contracts import CATALOGUE, Event, Payload, gives_notice, received

_HEADS = ".audit.noted.v1"


class PartsProvider(DependencyProvider):
    """Gives each worker the one parts object of the process."""

    def get_dependency(self, worker_ctx: Any) -> Any:
        """The parts, which the service's `open` has made."""
        return worker_ctx.container.parts


class Service(ChassisEndpoints):
    """The base of what `build` makes. `parts` is the process's parts while a worker runs."""

    parts: Any = PartsProvider()
    parts_type: type[Parts[Any]]
    documents: tuple[type[Stored], ...]
    measurements: tuple[tuple[float, Binding], ...]
    rechecks: tuple[tuple[type, Binding], ...]

    @classmethod
    def open(cls, chassis: Chassis) -> Parts[Any]:
        """Make the parts, the collections and the indexes; register what is measured. Raises Misconfigured, Unavailable."""
        parts = cls.parts_type.open(chassis)
        chassis.open(cls.documents)
        parts.begin()
        for seconds, bound in cls.measurements:
            chassis.gauges.every(seconds, partial(_measure, parts, bound))
        for payload, bound in cls.rechecks:
            chassis.rechecks.register(_type_name(payload), partial(_may_leave, parts, payload, bound))
        return parts


def build(name: str, doc: str, parts: type[Parts[Any]], features: Iterable[ModuleType]) -> type[Service]:
    """Make the service class of all functions with a declaration in these packages and modules.

    Raises TypeError for a declaration that cannot work: two functions of one name, an operation of operators without a scope, a
    parameter that nothing fills, a notice asked of an event that this service gets whole.
    """
    members: dict[str, Any] = {"name": name, "parts_type": parts, "__doc__": doc, "__module__": f"services.{name}.service"}
    measurements: list[tuple[float, Binding]] = []
    rechecks: list[tuple[type, Binding]] = []
    defined = _defined_in(features)
    for function in _functions(defined):
        for declaration in declared(function):
            if isinstance(declaration, Measurement):
                measurements.append((declaration.seconds, bind(function)))
            elif isinstance(declaration, Recheck):
                rechecks.append((declaration.payload, bind(function, event=True)))
            else:
                for key, method in _entrypoints(name, function, declaration):
                    if key in members or hasattr(Service, key):
                        raise TypeError(f"{name}: two entrypoints are called {key}")
                    members[key] = method
    for each in CATALOGUE.values():
        if each.name.endswith(_HEADS) and name in each.subscribers:
            members[f"on_audit_of_{each.owner}"] = holds_heads(each.owner)
    members |= {"measurements": tuple(measurements), "rechecks": tuple(rechecks), "documents": _documents(defined)}
    return type(f"{name.capitalize()}Service", (Service,), members)


def _functions(members: Iterable[Any]) -> Iterator[Callable[..., Any]]:
    return (each for each in members if declared(each))


def _documents(members: Iterable[Any]) -> tuple[type[Stored], ...]:
    return tuple(each for each in members if isinstance(each, type) and issubclass(each, Stored))


def _defined_in(features: Iterable[ModuleType]) -> list[Any]:
    """What the modules of these features define, where it is defined, in a fixed order."""
    modules = [each for feature in features for each in _modules(feature)]
    return [each for module in modules for each in vars(module).values() if getattr(each, "__module__", None) == module.__name__]


def _modules(module: ModuleType) -> Iterator[ModuleType]:
    yield module
    for found in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{module.__name__}."):
        yield from _modules(import_module(found.name))


def _entrypoints(service: str, function: Callable[..., Any], declaration: Any) -> Iterator[tuple[str, Any]]:
    match declaration:
        case HttpRoute():
            yield function.__name__, _route(function, declaration)
        case Subscription(payloads, as_notice):
            bound = bind(function, event=True)
            for payload in payloads:
                type_name = _type_name(payload)
                if gives_notice(type_name, service) is not as_notice:
                    form = "whole" if as_notice else "as a notice"
                    raise TypeError(f"{function.__qualname__}: {service} gets {type_name} {form}")
                kind = CATALOGUE[type_name].notice_payload if as_notice else payload
                key = f"on_{type_name.removesuffix('.v1').replace('.', '_')}"
                yield key, consumes(type_name)(_named(key, function, partial(_handle, bound, kind)))
        case EdgeSubscription(exchange, queue, outsiders):
            handle = _named(function.__name__, function, partial(_deliver, bind(function)))
            yield function.__name__, consumes_edge(exchange, queue=queue, outsiders=outsiders)(handle)
        case Timer(seconds):
            tick = guarded(_named(function.__name__, function, partial(_tick, bind(function))))
            yield function.__name__, timer(interval=seconds)(tick)


def _named(name: str, function: Callable[..., Any], work: Callable[..., Any]) -> Callable[..., Any]:
    """A method that nameko and OpenAPI can describe. It does not wrap: whoever unwraps an entrypoint finds this one."""

    def method(self: Any, *given: Any, **values: Any) -> Any:
        return work(self, *given, **values)

    method.__name__, method.__doc__, method.__module__ = name, function.__doc__, function.__module__
    method.__qualname__ = f"{function.__module__}.{function.__name__}"
    return method


def _route(function: Callable[..., Any], route: HttpRoute) -> Any:
    bound = bind(function)
    check_route(function, bound, route.path, has_request=route.options["request"] is not None)
    reads = route.method == "GET" and not isinstance(route.options["audit"], Itself)
    two_person = route.two_person
    if two_person is not None and two_person is not always:
        two_person = partial(_demand, bind(two_person))
    decorate = http(
        route.method, route.path, who=route.roles, operation=route.operation, summary=route.summary, query=tuple(bound.query),
        two_person=two_person, **route.options,
    )  # fmt: skip
    return decorate(_named(function.__name__, function, partial(_answer, bound, reads)))


def _answer(bound: Binding, reads: bool, service: Service, call: Call, **values: str) -> Any:  # noqa: FBT001 - bound once, by `_route`
    parts = service.parts
    if bound.on_parts:
        return answer(bound.with_call(parts, call, values))
    if reads:
        return answer(bound.with_call(parts.read(call.principal), call, values))
    return answer(parts.run(lambda context: bound.with_call(context, call, values), call))


def _demand(bound: Binding, service: Service, call: Call, **values: str) -> bool:
    context = service.parts if bound.on_parts else service.parts.read(call.principal)
    return bool(bound.with_call(context, call, {name: value for name, value in values.items() if name in bound.named}))


def _handle(bound: Binding, kind: Any, service: Service, unit: Unit, event: Event) -> None:
    bound.with_event(service.parts.context(unit), received(kind, event), event)


def _deliver(bound: Binding, service: Service, unit: Unit, delivery: Delivery) -> None:
    bound.function(service.parts.context(unit), delivery)


def _tick(bound: Binding, service: Service) -> None:
    parts = service.parts
    if bound.on_parts:
        bound.function(parts)
    else:
        parts.run(bound.function)


def _measure(parts: Parts[Any], bound: Binding) -> None:
    bound.function(parts if bound.on_parts else parts.read())


def _may_leave(parts: Parts[Any], payload: type[Payload], bound: Binding, unit: Unit, event: Event) -> bool:
    return bool(bound.with_event(parts.context(unit), received(payload, event), event))


def _type_name(payload: type[Payload]) -> str:
    return payload.type_name

