"""The one command: CMUdict to the embedded dictionary and the letters-to-phones model.

    python training/g2p/run.py [--work work/g2p] [--cmudict PATH] [--epochs N] [--seed N] [--threads N] [--resume]
"""

import sys

import dictionary
import export
import train

if __name__ == "__main__":
    given = sys.argv[1:]
    train.main()
    paths = [a for i, a in enumerate(given) if a.startswith(("--work", "--cmudict")) or i and given[i - 1] in ("--work", "--cmudict")]
    sys.argv = [sys.argv[0], *paths]
    dictionary.main()
    export.main()
