"""`python -m ngao.cli`."""

from ngao.cli.app import main

if __name__ == "__main__":
    main()
