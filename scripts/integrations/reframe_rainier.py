"""ReFrame: does the cluster fulfil what was promised?

    reframe -c scripts/integrations/reframe_rainier.py -r -S num_tasks=64 -S rainier=/opt/rainier/bin/rainier

Fails when an element is wrong. For limits set `reference` in a subclass or by your site's configuration, as in
    reference = {"mycluster:compute": {"busbw_1G": (90, -0.1, None, "GB/s")}}
"""
import reframe as rfm
import reframe.utility.sanity as sn

# size, count, type, redop, then out of place and in place: time, algbw, busbw, #wrong; then model, %model
ROW = r"^\s*{size}\s+\d+\s+\w+\s+\w+\s+(?P<time>[\d.]+)\s+[\d.]+\s+(?P<busbw>[\d.]+)\s+(?P<wrong>\d+)"


@rfm.simple_test
class RainierAllReduce(rfm.RunOnlyRegressionTest):
    rainier = variable(str, value="rainier")
    valid_systems = ["*"]
    valid_prog_environs = ["*"]
    num_tasks = 2
    time_limit = "10m"

    @run_before("run")
    def command(self):
        self.executable = self.rainier
        self.executable_opts = ["collective", "all_reduce", "-b", "1K", "-e", "1G", "-f", "32"]

    @sanity_function
    def all_elements_are_right(self):
        rows = sn.extractall(ROW.format(size=r"\d+"), self.stdout, "wrong", int)
        return sn.all([sn.assert_gt(sn.len(rows), 0), sn.assert_eq(sn.sum(rows), 0)])

    @performance_function("GB/s")
    def busbw_1G(self):
        return sn.extractsingle(ROW.format(size=2**30), self.stdout, "busbw", float)

    @performance_function("us")
    def time_1K(self):
        return sn.extractsingle(ROW.format(size=1024), self.stdout, "time", float)
