"""The one command: CMUdict to the embedded dictionary and the letters-to-phones model.

    python training/g2p/run.py [--work work/g2p] [--cmudict PATH] [--epochs N] [--seed N] [--threads N] [--resume]
"""

import argparse
import sys

import dictionary
import export
import train

if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--work", default="work/g2p")
    parser.add_argument("--cmudict")
    given, _ = parser.parse_known_args()
    train.main()  # reads all of the command line
    sys.argv = [sys.argv[0], "--work", given.work, *(["--cmudict", given.cmudict] if given.cmudict else [])]
    dictionary.main()
    export.main()
