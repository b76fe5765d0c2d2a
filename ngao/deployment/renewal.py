"""Certificates issued anew, and an authority in place of another while both are trusted.

A new certificate can take its place at any moment: the old one stays good until it ends. A new authority cannot: whoever trusts
the old one alone refuses a server that shows a certificate of the new one, and outsiders change when they can, not when we say.
So it waits (`ca/next.pem`) while both are trusted: it signs for outsiders, who are given both to trust with what it signs, and
the old one goes on signing for servers. When all outsiders have changed, the servers' certificates come from the new one, and
only then is the old one forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ngao.chassis.errors import Misconfigured, NotAllowedNow
from ngao.deployment.authority import Authority, demand_host, hosts_of, issuer_of
from ngao.deployment.folder import SecretsFolder
from ngao.deployment.making import SEEN_OUTSIDE, has_authority, load_authority, server_hosts

_NEXT = ("next.pem", "next.key")


def certificates(folder: SecretsFolder, owners: Sequence[str], outside: Sequence[str] = ()) -> list[str]:
    """Issue new certificates for these servers, with the hosts that the old ones named; gives whose they are.

    `outside` are more names of SEEN_OUTSIDE. Raises Misconfigured.
    """
    for host in outside:
        demand_host(host)
    with folder.alone():
        demand_authority(folder)
        _issue(folder, load_authority(folder), owners, outside)
    return list(owners)


def begin_authority(folder: SecretsFolder) -> None:
    """Make a new authority, which waits, and have both trusted. Raises NotAllowedNow in the middle of a change."""
    with folder.alone():
        demand_authority(folder)
        new = coming_authority(folder)
        if new is None:
            _demand_one_trusted(folder)
            new = Authority.new()
            folder.write(new.key_pem, "ca", _NEXT[1])
            folder.write(new.certificate_pem, "ca", _NEXT[0])
        if not _is_trusted(folder, new):
            folder.write(new.certificate_pem + folder.read("public", "ca.pem"), "public", "ca.pem")


def switch_authority(folder: SecretsFolder) -> list[str]:
    """Let the new authority take the old one's place and sign for every server; gives whose certificates are new.

    Only its operator knows whether all outsiders trust it. Raises NotAllowedNow when none waits.
    """
    with folder.alone():
        new = coming_authority(folder)
        if new is None or not _is_trusted(folder, new):
            raise NotAllowedNow("No new authority waits beside the old one: begin with `ngao secrets rotate tls --authority`.")
        folder.write(new.key_pem, "ca", "ca.key")
        folder.write(new.certificate_pem, "ca", "ca.pem")
        owners = list(server_hosts())
        _issue(folder, new, owners)
        for name in _NEXT:  # last: a switch that was cut off is run again
            folder.remove("ca", name)
    return owners


def finish_authority(folder: SecretsFolder) -> None:
    """Have the new authority trusted alone. Raises NotAllowedNow while it waits or a server's certificate is of the old one."""
    with folder.alone():
        demand_authority(folder)
        if coming_authority(folder) is not None:
            raise NotAllowedNow(
                "The new authority still waits: run `ngao secrets rotate tls --switch` first, when all outsiders trust it."
            )
        authority = load_authority(folder)
        old = [owner for owner in server_hosts() if issuer_of(_text(folder.certificate_of(owner))) != authority.name]
        if old:
            whose = ", ".join(old)
            raise NotAllowedNow(
                f"The old authority's certificates are still those of {whose}: run `ngao secrets rotate tls` first."
            )
        folder.write(authority.certificate_pem, "public", "ca.pem")


def demand_authority(folder: SecretsFolder) -> None:
    """Raise Misconfigured where there is none, because TLS is off or because its key is kept elsewhere."""
    if not has_authority(folder):
        raise Misconfigured(
            f"There is no authority's key in {folder.at('ca')}: bring it back from where it is kept, "
            "or make one with `ngao secrets init --tls`."
        )


def outsiders_authority(folder: SecretsFolder) -> Authority | None:
    """Who signs for outsiders: the authority that waits, where one does, so that they change once. None where no key is here."""
    if not has_authority(folder):
        return None
    return coming_authority(folder) or load_authority(folder)


def coming_authority(folder: SecretsFolder) -> Authority | None:
    """The authority that waits to take the other's place; its certificate is written last and removed first."""
    if not folder.at("ca", _NEXT[0]).exists():
        return None
    return Authority.load(folder.read("ca", _NEXT[0]), folder.read("ca", _NEXT[1]))


def _issue(folder: SecretsFolder, authority: Authority, owners: Sequence[str], outside: Sequence[str] = ()) -> None:
    for owner in owners:
        named = server_hosts(outside if owner in SEEN_OUTSIDE else ())[owner]
        folder.write_pair(authority.server(owner, _joined(_hosts(folder, owner), named)), owner)


def _is_trusted(folder: SecretsFolder, authority: Authority) -> bool:
    return authority.certificate_pem.strip() in folder.read("public", "ca.pem")


def _demand_one_trusted(folder: SecretsFolder) -> None:
    if folder.read("public", "ca.pem") != folder.read("ca", "ca.pem"):
        raise NotAllowedNow("Two authorities are trusted already: end that change with `ngao secrets rotate tls --finish` first.")


def _hosts(folder: SecretsFolder, owner: str) -> list[str]:
    file = folder.certificate_of(owner)
    return hosts_of(_text(file)) if file.exists() else []


def _joined(*lists: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(each for one in lists for each in one))


def _text(file: Path) -> str:
    return file.read_text("ascii")
