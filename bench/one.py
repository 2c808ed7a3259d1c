"""One stage in a process of its own: ``python -m bench.one STAGE HOME PEOPLE SEED``."""

import sys
from pathlib import Path

from bench import homes, stages


def main() -> None:
    stage, home, people, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    if stage == "make":
        homes.make_home(home, people, seed)
    elif stage == "models":
        homes.make_models(home, seed)
    else:
        print(stages.run(stage, home, people))


if __name__ == "__main__":
    main()
