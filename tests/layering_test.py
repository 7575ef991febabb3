"""Each folder may include only itself and the folders below it; kernels and topology know no MPI, no
HDF5 and no clock. Usage: layering_test.py ROOT"""
import pathlib
import re
import sys

ALLOWED = {"topology": {"topology"}, "kernels": {"kernels", "topology"},
           "bench": {"bench", "kernels", "topology"}}
FORBIDDEN = {"topology": r"mpi\.h|hdf5\.h|chrono", "kernels": r"mpi\.h|hdf5\.h|chrono|fstream",
             "bench": r"(?!)"}


def violations(root):
    for layer, allowed in ALLOWED.items():
        for path in sorted((root / layer).rglob("*.[ch]pp")):
            text = path.read_text()
            for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M):
                if name.split("/")[0] not in allowed:
                    yield f"{path.relative_to(root)} includes {name}"
            for name in re.findall(r"^\s*#\s*include\s+<([^>]+)>", text, re.M):
                if re.fullmatch(FORBIDDEN[layer], name):
                    yield f"{path.relative_to(root)} includes <{name}>"


def defined_twice(root):
    """Types of one name that two headers of a namespace define: the linker would keep one of the two
    destructors, without a word."""
    for layer in ALLOWED:
        seen = {}
        for path in sorted((root / layer).rglob("*.hpp")):
            for name in re.findall(r"^(?:struct|class|enum class) (\w+)[^;]*?\{", path.read_text(), re.M):
                if seen.setdefault(name, path) != path:
                    yield f"{path.relative_to(root)} and {seen[name].name} both define {layer}::{name}"


def own_header_later(root):
    """X.cpp includes X.hpp first: so a header that needs more than it includes does not compile."""
    for layer in ALLOWED:
        for path in sorted((root / layer).rglob("*.cpp")):
            header = path.with_suffix(".hpp")
            first = re.search(r'^\s*#\s*include\s+["<]([^">]+)', path.read_text(), re.M)
            if header.exists() and first[1] != str(header.relative_to(root)):
                yield f"{path.relative_to(root)} does not include {header.name} first"


if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1])
    bad = list(violations(root)) + list(defined_twice(root)) + list(own_header_later(root))
    print("\n".join(bad) or "layering ok")
    sys.exit(bool(bad))
