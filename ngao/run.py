"""Run one service: `python -m ngao.run SETTINGS.toml`.

Exit codes: 0 after SIGTERM and a full drain; of sysexits.h, 78 (EX_CONFIG) when the service must not start like this and 75
(EX_TEMPFAIL) when broker or store were not there in time; 1 otherwise.
"""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

import gc  # noqa: E402  # after the patch, as all imports here
import resource  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from importlib import import_module  # noqa: E402
from pathlib import Path  # noqa: E402

from ngao.chassis.chassis import Chassis  # noqa: E402
from ngao.chassis.container import Container  # noqa: E402
from ngao.chassis.errors import Misconfigured, Unavailable  # noqa: E402
from ngao.chassis.http.server import listen  # noqa: E402
from ngao.chassis.observability.logs import configure, get_logger  # noqa: E402
from ngao.chassis.settings import load  # noqa: E402

EX_CONFIG, EX_TEMPFAIL = 78, 75
_COLLECTED_AFTER = (10_000, 10, 10)


def build(path: Path) -> Container:
    """Read the settings and put the service together, with broker and store connected. Raises Misconfigured, Unavailable."""
    settings = load(path)
    configure(settings.service, settings.log_level)
    for port in filter(None, (settings.http.port, settings.http.inside_port, settings.http.operators_port)):
        listen(settings.http, port).close()  # report a port in use before waiting for anything
    chassis = Chassis(settings)
    service_class = getattr(import_module(f"services.{settings.service}.service"), f"{settings.service.capitalize()}Service")
    container = Container(service_class, chassis, service_class.open(chassis))
    container.await_broker()
    return container


def main(arguments: list[str]) -> int:
    """Run until SIGTERM or SIGINT."""
    if len(arguments) != 1 or arguments[0] in {"-h", "--help"}:
        sys.stdout.write(f"{__doc__}\n")
        return 0 if arguments else EX_CONFIG
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash must not write reports that are in memory to a file
    try:
        container = build(Path(arguments[0]))
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: eventlet.spawn_n(container.stop))
        container.start()
        gc.freeze()  # what a service keeps as long as it runs: no collection needs to go through it again
        gc.set_threshold(*_COLLECTED_AFTER)
    except (Misconfigured, Unavailable) as error:
        sys.stderr.write(f"Cannot start: {error}\n")
        return EX_CONFIG if isinstance(error, Misconfigured) else EX_TEMPFAIL
    log = get_logger("run")
    log.info("service.started", service=container.chassis.name, port=container.chassis.settings.http.port)
    _wait(container)
    log.info("service.stopped", service=container.chassis.name)
    return 0


def _wait(container: Container) -> None:
    """Wait for a signal. It interrupts the hub's wait with EINTR, which must not end the process before the drain."""
    waiting = eventlet.spawn(container.wait)
    while True:
        try:
            waiting.wait()
        except InterruptedError:
            continue
        else:
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
