"""Certificates issued anew, and an authority in place of another while both are trusted.

A new certificate can take its place at any moment: the old one stays good until it ends. A new authority cannot: first everybody
must trust both, then certificates come from the new one, and only then is the old one forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ngao.chassis.errors import Misconfigured, NotAllowedNow
from ngao.deployment.authority import Authority, demand_host, hosts_of, issuer_of
from ngao.deployment.folder import SecretsFolder
from ngao.deployment.making import has_authority, load_authority, server_hosts

_NEXT = ("next.pem", "next.key")


def certificates(folder: SecretsFolder, owners: Sequence[str], outside: Sequence[str] = ()) -> list[str]:
    """Issue new certificates for these servers, with the hosts that the old ones named; gives whose they are.

    `outside` are more names of the broker and of intake. Raises Misconfigured.
    """
    for host in outside:
        demand_host(host)
    with folder.alone():
        demand_authority(folder)
        authority = load_authority(folder)
        for owner in owners:
            named = server_hosts(outside if owner in _SEEN_OUTSIDE else ())[owner]
            folder.write_pair(authority.server(owner, _joined(_hosts(folder, owner), named)), owner)
    return list(owners)


def begin_authority(folder: SecretsFolder) -> None:
    """Make a new authority that signs from now on, and have both trusted. Raises NotAllowedNow in the middle of a change."""
    with folder.alone():
        demand_authority(folder)
        new = _coming(folder)
        if new is None:
            _demand_one_trusted(folder)
            new = Authority.new()
            folder.write(new.key_pem, "ca", _NEXT[1])
            folder.write(new.certificate_pem, "ca", _NEXT[0])
        if new.certificate_pem.strip() not in folder.read("public", "ca.pem"):
            folder.write(new.certificate_pem + folder.read("ca", "ca.pem"), "public", "ca.pem")
        folder.write(new.key_pem, "ca", "ca.key")
        folder.write(new.certificate_pem, "ca", "ca.pem")
        for name in _NEXT:
            folder.remove("ca", name)


def finish_authority(folder: SecretsFolder) -> None:
    """Have the new authority trusted alone. Raises NotAllowedNow while a server still shows a certificate of the old one."""
    with folder.alone():
        demand_authority(folder)
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


_SEEN_OUTSIDE = ("broker", "intake")


def _coming(folder: SecretsFolder) -> Authority | None:
    """The new authority of a change that was cut off; its certificate is written last."""
    if not folder.at("ca", _NEXT[0]).exists():
        return None
    return Authority.load(folder.read("ca", _NEXT[0]), folder.read("ca", _NEXT[1]))


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
