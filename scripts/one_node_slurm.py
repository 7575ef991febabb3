#!/usr/bin/env python3
"""Slurm on this one machine, for as long as a command runs: to try job scripts, or to see that ranks
started by srun measure what those started by mpirun do. Takes root and slurm-wlm, munge.

    scripts/one_node_slurm.py -- srun --mpi=pmix -n 2 rainier collective all_reduce -b 8 -e 1M
    scripts/one_node_slurm.py --check

With --check both launchers take turns, nine launches each; for each size the medians of srun's
launches and those of mpirun's must overlap.
"""
import argparse
import collections
import csv
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONFIGURATION = """\
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=7817
SlurmdPort=7818
AuthType=auth/munge
AuthInfo=socket={folder}/munge/sock
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=pmix
ReturnToService=2
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:8
"""
LAUNCHES = 9
COLLECTIVE = ["collective", "all_reduce", "-b", "64", "-e", "1M", "-f", "4", "-n", "50", "--lowering", "host", "--csv"]


def fail(message):
    sys.exit(f"one_node_slurm: {message}")


def sh(*words, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **options)
    if done.returncode:
        fail(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


class Slurm:
    """Controller, daemon and munge in a folder of their own."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}

    def __enter__(self):
        host = socket.gethostname().split(".")[0]
        for name in ("state", "spool", "munge"):
            (self.folder / name).mkdir()
        self.folder.chmod(0o755)  # munged refuses parents that others can write, or not read
        (self.folder / "slurm.conf").write_text(
            CONFIGURATION.format(host=host, folder=self.folder, cores=os.cpu_count()))
        self.start_munge(self.folder / "munge")
        sh("slurmctld", "-c", "-f", self.folder / "slurm.conf")
        sh("slurmd", "-c", "-f", self.folder / "slurm.conf")
        self.wait_until_idle()
        return self

    def start_munge(self, folder):
        (folder / "key").write_bytes(os.urandom(1024))
        (folder / "key").chmod(0o400)
        for path in (folder, folder / "key"):
            shutil.chown(path, "munge", "munge")
        sh("runuser", "-u", "munge", "--", "munged", f"--key-file={folder}/key", f"--socket={folder}/sock",
           f"--pid-file={folder}/pid", f"--log-file={folder}/log", f"--seed-file={folder}/seed", "--force")

    def wait_until_idle(self):
        for _ in range(100):
            state = subprocess.run(["sinfo", "-h", "-o", "%t"], env=self.environment, capture_output=True, text=True)
            if state.stdout.strip() == "idle":
                return
            time.sleep(0.2)
        fail("the node did not become idle: " + (self.folder / "slurmd.log").read_text()[-500:])

    def __exit__(self, *_):
        for name in ("slurmd.pid", "slurmctld.pid", "munge/pid"):
            path = self.folder / name
            if path.exists():
                subprocess.run(["kill", path.read_text().strip()], check=False)
        time.sleep(0.5)  # they write to the folder until they end


def measure(launch, rainier, environment):
    """Seconds by (size, in place) of one launch."""
    rows = csv.DictReader(sh(*launch, rainier, *COLLECTIVE, env=environment).splitlines())
    return {(int(row["size"]), int(row["in_place"])): float(row["time"]) for row in rows}


def check(rainier, environment):
    launchers = {"srun": ["srun", "--mpi=pmix", "-n", "2"], "mpirun": ["mpirun", "-np", "2"]}
    times = {name: collections.defaultdict(list) for name in launchers}
    for _ in range(LAUNCHES):
        for name, launch in launchers.items():
            for point, seconds in measure(launch, rainier, environment).items():
                times[name][point].append(seconds * 1e6)
    print(f"#{'size (B)':>10} {'in place':>9}   {'srun (us)':^26}   {'mpirun (us)':^26}")
    apart = 0
    for point in times["srun"]:
        ours, theirs = times["srun"][point], times["mpirun"][point]
        same = min(ours) <= max(theirs) and min(theirs) <= max(ours)
        apart += not same
        columns = [f"{sorted(t)[LAUNCHES // 2]:8.2f} [{min(t):.2f} .. {max(t):.2f}]" for t in (ours, theirs)]
        print(f"{point[0]:>11} {'yes' if point[1] else 'no':>9}   {columns[0]:<26}   {columns[1]:<26}"
              f"{'' if same else '  <<'}")
    print(f"# {LAUNCHES} launches each in turns, medians of 50 samples: least, middle and most of the launches; "
          f"{apart} of {len(times['srun'])} points apart")
    return apart == 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=Path(__file__).resolve().parents[1] / "build/release",
                        help="folder of rainier")
    parser.add_argument("--check", action="store_true", help="srun against mpirun")
    parser.add_argument("command", nargs="*", help="what to run beside Slurm, after --")
    given = parser.parse_args()
    if given.check == bool(given.command):
        parser.error("either --check or a command after --")
    return given


def main():
    given = arguments()
    if os.geteuid() != 0:
        fail("Slurm's daemons take root")
    for tool in ("slurmctld", "slurmd", "munged", "srun"):
        if not shutil.which(tool):
            fail(f"{tool} is missing: apt-get install slurm-wlm munge")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, Slurm(Path(folder)) as slurm:
        # What mpirun finds out by itself, srun does not: more ranks than cores must not spin.
        environment = {**slurm.environment, "OMPI_MCA_mpi_yield_when_idle": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1",
                       "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "PATH": f"{given.build}:{os.environ['PATH']}"}
        if given.check:
            return 0 if check(given.build / "rainier", environment) else 1
        return subprocess.run(given.command, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
