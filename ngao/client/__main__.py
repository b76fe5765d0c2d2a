"""`python -m ngao.client`: the manual steps of a partner or a source."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ngao.client import account as accounts
from ngao.client.account import Account
from ngao.client.errors import BadAccount, ClientError
from ngao.client.keys import Keys, keygen, signing_keygen
from ngao.client.link import Link


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Return 0 on success, or 1 with a message on standard error."""
    asked = _parser().parse_args(arguments)
    try:
        for line in asked.command(asked):
            sys.stdout.write(f"{line}\n")
    except ClientError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ngao.client", description="Tools of Ngao's partners and sources.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    make = commands.add_parser("keygen", help="create our key pairs: send the public files to the coalition")
    make.add_argument("directory", type=Path, metavar="DIR", help="the folder for the files, best beside the account file")
    make.add_argument("--signing-only", action="store_true", help="only the pair that signs acceptances")
    make.set_defaults(command=_keygen)
    accept = commands.add_parser("sign", help="print the body of POST /v1/offers/OFFER/accept, for partners who answer over HTTP")
    accept.add_argument("account", type=Path, metavar="FILE")
    accept.add_argument("offer_id", metavar="OFFER")
    accept.add_argument("case_ref", metavar="CASE")
    accept.set_defaults(command=_sign)
    check = commands.add_parser("check", help="read an account file and log in to the broker with it")
    check.add_argument("kind", choices=("partner", "source"))
    check.add_argument("account", type=Path, metavar="FILE")
    check.set_defaults(command=_check)
    return parser


def _keygen(asked: argparse.Namespace) -> list[str]:
    made = [] if asked.signing_only else [keygen(asked.directory)]
    return [line for each in (*made, signing_keygen(asked.directory)) for line in _told(*each)]


def _told(key_id: str, private_file: Path, public_file: Path) -> list[str]:
    return [f"key id   {key_id}", f"private  {private_file}  (stays here)", f"public   {public_file}  (send this one)"]


def _sign(asked: argparse.Namespace) -> list[str]:
    account = accounts.load(asked.account, "partner")
    keys = Keys.from_directory(account.keys_directory)
    if not keys.can_sign:
        raise BadAccount("There is no signing key here. Run `keygen --signing-only`, and send the public file to the coalition.")
    return [json.dumps(keys.accepts(account.id, asked.offer_id, asked.case_ref))]


def _check(asked: argparse.Namespace) -> list[str]:
    account = accounts.load(asked.account, asked.kind)
    link = Link(account.broker)
    link.channel()
    link.close()
    return [f"The broker accepts this account: {asked.kind} {account.id}.", *_sealing(account)]


def _sealing(account: Account) -> list[str]:
    """Return what a source must know before it posts over the broker."""
    if account.kind != "source":
        return []
    if account.seal_to is None:
        return ["Reports over AMQP are not sealed: the account has no seal_to. Ask the coalition for one, or post over HTTP."]
    return [f"Reports over AMQP are sealed to intake's key {account.seal_to.key_id}."]


if __name__ == "__main__":
    sys.exit(main())
