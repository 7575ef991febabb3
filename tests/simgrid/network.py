"""A network described once and written twice: as a platform of SimGrid and as a system of rainier."""
import dataclasses
import math

BANDWIDTH = 1  # GB/s of a cable, each way
LATENCY = 1    # us of a cable

LEVEL = """
[[level]]
name = "{name}"
domain = "{name}"
shape = "{shape}"
extent = {{ value = {extent}, status = "assumed", source = "test" }}
bandwidth = {{ value = "{bandwidth} GB/s", status = "assumed", source = "test" }}
latency = {{ value = "{latency} us", status = "assumed", source = "test" }}
hop = {{ value = "{hop} us", status = "assumed", source = "test" }}
"""

# Split duplex: a cable carries its bandwidth both ways at once, which is what rainier means by a link.
PLATFORM = """<?xml version="1.0"?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <cluster id="cluster" prefix="host" suffix="" radical="0-{last}" speed="1Gf" bw="{bandwidth}GBps"
           lat="{latency}us" sharing_policy="SPLITDUPLEX" topology="{topology}" topo_parameters="{parameters}"/>
</platform>
"""


@dataclasses.dataclass(frozen=True)
class Level:
    name: str
    shape: str
    extent: int
    bandwidth: float = BANDWIDTH
    latency: float = LATENCY
    hop: float = LATENCY


@dataclasses.dataclass(frozen=True)
class Network:
    title: str
    topology: str    # as SimGrid calls it
    parameters: str  # of that topology
    levels: tuple[Level, ...]

    @property
    def ranks(self):
        return math.prod(level.extent for level in self.levels)

    def platform(self):
        return PLATFORM.format(last=self.ranks - 1, bandwidth=BANDWIDTH, latency=LATENCY,
                               topology=self.topology, parameters=self.parameters)

    def system(self):
        levels = "".join(LEVEL.format(**dataclasses.asdict(level)) for level in self.levels)
        return f'title = "{self.title}"\nchip = "host"\n{levels}'


def torus(*extents):
    """Both number ranks alike (the first dimension varies fastest) and route dimension by dimension, the
    shorter way. On a tie rainier splits a message, SimGrid does not: even extents above two are used only
    where no message goes half way round."""
    text = [str(extent) for extent in extents]
    return Network(f"torus {'x'.join(text)}", "TORUS", ",".join(text),
                   tuple(Level("xyzuvw"[d], "ring", extent) for d, extent in enumerate(extents)))


def fat_tree(down, up):
    """down[i] children and up[i] parents of a node of tier i. With one parent each there is one route and
    nothing to choose; the up-link of a switch is then shared by all hosts below. With more, SimGrid picks the
    parent by the destination modulo their number, so that the hosts of one switch whose destinations differ
    in the remainder do not meet: what ideal spraying does for any.

    A message through tier i crosses 2 (i + 1) cables."""
    tiers = []
    hosts = uplinks = 1  # below and out of one switch of the tier below
    for i, (children, parents) in enumerate(zip(down, up)):
        uplinks *= parents
        tiers.append(Level(f"tier{i + 1}", "clos", children, BANDWIDTH * uplinks / hosts, 2 * (i + 1) * LATENCY))
        hosts *= children
    lists = [",".join(map(str, numbers)) for numbers in (down, up, [1] * len(down))]
    title = f"fat tree {'x'.join(map(str, down))}, up {'x'.join(map(str, up))}"
    return Network(title, "FAT_TREE", ";".join([str(len(down)), *lists]), tuple(tiers))
