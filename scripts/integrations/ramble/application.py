from ramble.appkit import *


class Rainier(ExecutableApplication):
    """Collectives of a training cluster, measured, checked, and beside what a model of the cluster expects."""

    name = "rainier"

    executable("collective", "rainier collective {collective} -b {begin} -e {end} -f 32", use_mpi=True)
    workload("collective", executables=["collective"])
    workload_variable("collective", default="all_reduce", description="Operation", workloads=["collective"])
    workload_variable("begin", default="1K", description="Least size", workloads=["collective"])
    workload_variable("end", default="1G", description="Largest size", workloads=["collective"])

    row = (r"^\s*(?P<size>\d+)\s+\d+\s+\w+\s+\w+\s+(?P<time>[\d.]+)\s+[\d.]+\s+(?P<busbw>[\d.]+)\s+(?P<wrong>\d+)"
           r"\s+[\d.]+\s+[\d.]+\s+[\d.]+\s+\d+\s+[\d.]+\s+(?P<percent>[\d.]+)%")
    figure_of_merit_context("size", regex=row, output_format="{size} B")
    figure_of_merit("Time", fom_regex=row, group_name="time", units="us", contexts=["size"])
    figure_of_merit("Bus bandwidth", fom_regex=row, group_name="busbw", units="GB/s", contexts=["size"])
    figure_of_merit("Share of the model", fom_regex=row, group_name="percent", units="%", contexts=["size"])
    success_criteria("all elements right", mode="fom_comparison", fom_name="Wrong elements", formula="{value} == 0")
    figure_of_merit("Wrong elements", fom_regex=row, group_name="wrong", units="", contexts=["size"])
