"""Renewal of certificates, and replacement of an authority while both are trusted.

A renewed certificate can be used at any moment, because the old one stays valid until it expires. A new authority cannot: clients
that trust only the old one refuse a server with a certificate of the new one, and outsiders change over in their own time.
Therefore it is pending at first (`ca/next.pem`) while both are trusted. It signs for outsiders, who get both to trust. The old
one still signs for servers. When all outsiders have changed over, the servers' certificates come from the new one, and only
then is the old one removed.
"""

from __future__ import annotations

from collections.abc import Sequence

from ngao.chassis.errors import Misconfigured, NotAllowedNow
from ngao.deployment.authority import Authority, demand_host, hosts_of, issuer_of
from ngao.deployment.init_secrets import SEEN_OUTSIDE, has_authority, load_authority, server_hosts
from ngao.deployment.secrets_folder import SecretsFolder

_NEXT = ("next.pem", "next.key")


def certificates(folder: SecretsFolder, owners: Sequence[str], outside: Sequence[str] = ()) -> list[str]:
    """Issue new certificates for these servers, with the hosts of the old ones. Return the owners.

    `outside` are more names of SEEN_OUTSIDE. Raises Misconfigured.
    """
    for host in outside:
        demand_host(host)
    with folder.alone():
        require_authority(folder)
        _issue(folder, load_authority(folder), owners, outside)
    return list(owners)


def begin_authority(folder: SecretsFolder) -> None:
    """Create a pending authority, and trust both. Raises NotAllowedNow during another change."""
    with folder.alone():
        require_authority(folder)
        new = pending_authority(folder)
        if new is None:
            if folder.read("public", "ca.pem") != folder.read("ca", "ca.pem"):
                finish = "Finish that change first: `ngao secrets rotate tls --finish`."
                raise NotAllowedNow(f"Two authorities are trusted already. {finish}")
            new = Authority.new()
            folder.write(new.key_pem, "ca", _NEXT[1])
            folder.write(new.certificate_pem, "ca", _NEXT[0])
        if not _is_trusted(folder, new):
            folder.write(new.certificate_pem + folder.read("public", "ca.pem"), "public", "ca.pem")


def switch_authority(folder: SecretsFolder) -> list[str]:
    """Replace the old authority by the pending one and renew every server's certificate. Return the owners.

    Only the operator knows whether all outsiders trust it. Raises NotAllowedNow if none is pending.
    """
    with folder.alone():
        new = pending_authority(folder)
        if new is None or not _is_trusted(folder, new):
            raise NotAllowedNow("No new authority is pending. Run `ngao secrets rotate tls --authority` first.")
        folder.write(new.key_pem, "ca", "ca.key")
        folder.write(new.certificate_pem, "ca", "ca.pem")
        owners = list(server_hosts())
        _issue(folder, new, owners)
        for name in _NEXT:  # last, so that an interrupted switch can be run again
            folder.remove("ca", name)
    return owners


def finish_authority(folder: SecretsFolder) -> None:
    """Trust only the new authority. Raises NotAllowedNow while it is pending or a server has a certificate of the old one."""
    with folder.alone():
        require_authority(folder)
        if pending_authority(folder) is not None:
            raise NotAllowedNow(
                "The new authority is still pending. When all outsiders trust it, run `ngao secrets rotate tls --switch`."
            )
        authority = load_authority(folder)
        old = [owner for owner in server_hosts() if issuer_of(folder.certificate_of(owner).read_text("ascii")) != authority.name]
        if old:
            whose = ", ".join(old)
            raise NotAllowedNow(f"{whose} still have certificates of the old authority. Run `ngao secrets rotate tls` first.")
        folder.write(authority.certificate_pem, "public", "ca.pem")


def require_authority(folder: SecretsFolder) -> None:
    """Raise Misconfigured if there is no authority's key, because TLS is off or the key is stored elsewhere."""
    if not has_authority(folder):
        raise Misconfigured(
            f"The authority's key is missing in {folder.at('ca')}. Copy it back from its safe place, "
            "or create an authority with `ngao secrets init --tls`."
        )


def outsiders_authority(folder: SecretsFolder) -> Authority | None:
    """Return the authority that signs for outsiders: a pending one, so that they change over once. None without a key."""
    if not has_authority(folder):
        return None
    return pending_authority(folder) or load_authority(folder)


def pending_authority(folder: SecretsFolder) -> Authority | None:
    """Return the pending authority. Its certificate is written last and removed first."""
    if not folder.at("ca", _NEXT[0]).exists():
        return None
    return Authority.load(folder.read("ca", _NEXT[0]), folder.read("ca", _NEXT[1]))


def _issue(folder: SecretsFolder, authority: Authority, owners: Sequence[str], outside: Sequence[str] = ()) -> None:
    for owner in owners:
        named = server_hosts(outside if owner in SEEN_OUTSIDE else ())[owner]
        file = folder.certificate_of(owner)
        known = hosts_of(file.read_text("ascii")) if file.exists() else ()
        hosts = list(dict.fromkeys((*known, *named)))
        folder.write_pair(authority.server(owner, hosts), owner)


def _is_trusted(folder: SecretsFolder, authority: Authority) -> bool:
    return authority.certificate_pem.strip() in folder.read("public", "ca.pem")
