#!/usr/bin/env python3
"""A network of known properties on one machine: hosts are network namespaces, joined by a switch in
user space that gives each wire a rate and a delay. Takes root, or sudo.

    scripts/emulated_network.py --hosts 4 -- rainier collective all_reduce -b 256 -e 64K
    scripts/emulated_network.py --rate "400 Mbit/s" --delay "200 us" --check

Runs the command under mpirun with one rank per host (--ranks-per-host for more), or with --check
holds the model against the measurement: an exchange between neighbours is fitted to latency and
bandwidth, collectives are predicted from those two figures and measured over the same network.
"""
import argparse
import contextlib
import csv
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SUBNET = "10.99.0"
MTU = 9000
# What the model is held against: collective algorithms by the sizes of eager messages, and by how
# much the prediction may differ for a number of hosts.
SIZES = ["-b", "256", "-e", "64K", "-f", "4"]
ALGORITHMS = ["ring", "rhd", "doubling", "direct"]
# On 4 hosts also as 2 pairs of 2, rings inside and between.
HIERARCHICAL = "ring(pair)+ring(ranks)"
# Shown, not judged: its messages all at once queue in one switch process beside 4 ranks on few cores.
SHOWN_ONLY = "direct"
TOLERANCE = {2: 0.10, 4: 0.25}
ROUNDS = 5
# Messages of 64 KiB are to be eager, too: with Open MPI's own limit their header puts them above it.
EAGER_LIMIT = 1 << 17


def sh(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"emulated_network: {' '.join(words)}: {done.stderr.strip()}")


def demand_tools():
    if os.geteuid() != 0:
        sys.exit("emulated_network: network namespaces take root: sudo scripts/emulated_network.py …")
    for tool in ("ip", "mpirun", "chrt", "unshare", "sysctl"):
        if not shutil.which(tool):
            sys.exit(f"emulated_network: {tool} is missing: apt-get install iproute2 openmpi-bin util-linux procps")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        sys.exit("emulated_network: /dev/net/tun is missing: this machine has no TAP devices")


class Network:
    """Hosts 0 .. n-1 at 10.99.0.1 and on, this machine's own at .254 for mpirun."""

    def __init__(self, hosts, rate, delay, build):
        self.names = [f"rainier-h{i}" for i in range(hosts)]
        self.devices = [f"rainier-t{i}" for i in range(hosts + 1)]
        self.command = ["chrt", "-f", "10", str(build / "emulated_switch"), *self.devices,
                        "--rate", rate, "--delay", delay]
        self.switch = None

    def __enter__(self):
        self.remove()
        for name in self.names:
            sh("ip", "netns", "add", name)
        self.switch = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        ready = self.switch.stdout.readline()
        if not ready.startswith("# ready"):
            self.__exit__()
            sys.exit("emulated_network: the switch did not start")
        print(ready.strip(), flush=True)
        for i, name in enumerate(self.names):
            sh("ip", "link", "set", self.devices[i], "netns", name)
            self.configure(self.devices[i], i + 1, ["ip", "-n", name], ["ip", "netns", "exec", name])
        self.configure(self.devices[-1], 254, ["ip"], [])
        return self

    def configure(self, device, number, ip, inside):
        port = self.devices.index(device) + 1
        sh(*inside, "sysctl", "-qw", f"net.ipv6.conf.{device}.disable_ipv6=1")
        sh(*ip, "link", "set", device, "address", f"02:00:00:00:00:{port:02x}", "mtu", str(MTU))
        sh(*ip, "addr", "add", f"{SUBNET}.{number}/24", "dev", device)
        sh(*ip, "link", "set", device, "up")
        if inside:
            sh(*ip, "link", "set", "lo", "up")
            # A collective pauses between messages: that must not make TCP start slowly again.
            sh(*inside, "sysctl", "-qw", "net.ipv4.tcp_slow_start_after_idle=0")

    def __exit__(self, *_):
        if self.switch:
            self.switch.terminate()
            print(self.switch.communicate()[0].strip(), flush=True)
        self.remove()

    def remove(self):
        there = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout.split()
        for name in self.names:
            if name in there:
                sh("ip", "netns", "del", name)


@contextlib.contextmanager
def launcher(network, ranks_per_host):
    """Words and environment that run a command on the network's hosts, without ssh."""
    with tempfile.TemporaryDirectory() as folder:
        agent = Path(folder) / "agent.sh"
        # A host name of its own makes Open MPI take a namespace for a machine.
        agent.write_text('#!/bin/sh\nhost=$1\nshift\n'
                         'exec ip netns exec "$host" unshare --uts sh -c "hostname $host; exec $*"\n')
        agent.chmod(0o755)
        parameters = {
            "plm_rsh_agent": str(agent), "oob_tcp_if_include": f"{SUBNET}.0/24",
            "btl_tcp_if_include": f"{SUBNET}.0/24", "btl": "self,vader,tcp", "pml": "ob1",
            "btl_tcp_eager_limit": str(EAGER_LIMIT), "mpi_yield_when_idle": "1",
            "hwloc_base_binding_policy": "none", "rmaps_base_oversubscribe": "1"}
        environment = {f"OMPI_MCA_{key}": value for key, value in parameters.items()}
        environment |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
        hosts = ",".join(f"{name}:{ranks_per_host}" for name in network.names)
        yield (["mpirun", "--host", hosts, "-np", str(len(network.names) * ranks_per_host)],
               {**os.environ, **environment})


def run_rainier(words, environment, *arguments):
    done = subprocess.run([*words, *arguments], env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"emulated_network: {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.splitlines()


def as_pairs(text):
    """The same network as two levels, of 2 hosts and of 2 pairs."""
    machine, level = text.split("[[level]]")
    halved = level.replace("extent = { value = 4,", "extent = { value = 2,")
    return "[[level]]".join([machine, halved.replace('"ranks"', '"pair"').replace('"job"', '"pair"'), halved])


def measure(rainier, words, environment, hosts):
    """A fit, and right after it (model, measured) of each (algorithm, size), seconds."""
    with tempfile.TemporaryDirectory() as folder:
        machine, pairs = str(Path(folder) / "network.toml"), str(Path(folder) / "pairs.toml")
        fit = run_rainier(words, environment, rainier, "fit", "--lowering", "messages", "-e", "64K", "-O", machine)
        print(fit[-2], flush=True)
        Path(pairs).write_text(as_pairs(Path(machine).read_text()) if hosts == 4 else "")
        points = {}
        for algorithm in ALGORITHMS + ([HIERARCHICAL] if hosts == 4 else []):
            lines = run_rainier(words, environment, rainier, "collective", "all_reduce", *SIZES, "--lowering", "messages",
                                "--algorithm", algorithm, "--machine", pairs if algorithm == HIERARCHICAL else machine, "--start", "window", "-n", "20", "--csv")
            for row in csv.DictReader(lines):
                if row["in_place"] == "0":
                    points[algorithm, int(row["size"])] = (float(row["model"]), float(row["time"]))
        return points


def check(rainier, words, environment, hosts):
    """Prints predictions beside measurements. @return whether all are as close as they should be"""
    tolerance = TOLERANCE[hosts]
    rounds = [measure(rainier, words, environment, hosts) for _ in range(ROUNDS)]
    print(f"#{'algorithm':>23} {'size (B)':>9} {'measured (us)':>14} {'model (us)':>11}   model / measured - 1")
    worst = 0.0
    for algorithm, size in rounds[0]:
        models, times = zip(*(points[algorithm, size] for points in rounds))
        errors = sorted(model / time - 1 for model, time in zip(models, times))
        middle = errors[ROUNDS // 2]
        judged = algorithm != SHOWN_ONLY
        worst = max(worst, abs(middle) if judged else 0)
        print(f"{algorithm:>24} {size:>9} {statistics.median(times) * 1e6:>14.0f} {statistics.median(models) * 1e6:>11.0f}"
              f"   {middle:+6.1%} [{errors[0]:+.1%} .. {errors[-1]:+.1%}]{'  <<' if judged and abs(middle) > tolerance else ''}")
    print(f"# medians of {ROUNDS} rounds of a fit and a measurement, and the range; at most {worst:.1%} off but "
          f"for {SHOWN_ONLY}, {tolerance:.0%} allowed for {hosts} hosts")
    return worst <= tolerance


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--ranks-per-host", type=int, default=1)
    parser.add_argument("--rate", default="100 Mbit/s", help="of each wire and direction [%(default)s]")
    parser.add_argument("--delay", default="500 us", help="from host to host [%(default)s]")
    parser.add_argument("--build", type=Path, default=Path(__file__).resolve().parents[1] / "build/release",
                        help="folder of rainier and emulated_switch")
    parser.add_argument("--check", action="store_true", help="the model against the measurement, 2 or 4 hosts")
    parser.add_argument("command", nargs="*", help="what to run under mpirun, after --")
    given = parser.parse_args()
    if given.check == bool(given.command):
        parser.error("either --check or a command after --")
    if not 2 <= given.hosts <= 64:
        parser.error("--hosts: expected 2 to 64")
    if given.check and (given.hosts not in TOLERANCE or given.ranks_per_host != 1):
        parser.error("--check: expected --hosts 2 or 4 and one rank per host")
    return given


def main():
    given = arguments()
    demand_tools()
    with Network(given.hosts, given.rate, given.delay, given.build) as network, \
            launcher(network, given.ranks_per_host) as (words, environment):
        if given.check:
            return 0 if check(str(given.build / "rainier"), words, environment, given.hosts) else 1
        environment["PATH"] = f"{given.build}:{environment['PATH']}"
        return subprocess.run([*words, *given.command], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
