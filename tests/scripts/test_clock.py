"""Clocks in the results file: against the table on the terminal, and the samples they come from."""
import filecmp

import h5py
import numpy as np
import pytest

from program import refused, rows, run

CLOCK = ("collective", "all_reduce", "--system", "rainier", "--chips", "512", "--reader", "clock")


def csv(text):
    header, *lines = [line.split(",") for line in text.splitlines()]
    return [dict(zip(header, line)) for line in lines]


def test_clocks_in_the_file_are_those_of_the_terminal(tmp_path):
    out = tmp_path / "clock.h5"
    result = run(*CLOCK, "-b", "1M", "-e", "16M", "-f", "4", "--skew", "exponential:5 us", "--slow", "17:1.5",
                 "--seed", "9", "--per-chip", "--csv", "-O", out)
    assert result.returncode == 0, result.stderr
    points = csv(result.stdout)
    with h5py.File(out) as file:
        clock, chip = file["modelled/clock"], file["modelled/chip"]
        for name in ("first", "median", "p99", "last"):
            assert clock[name][:] == pytest.approx([float(p[name]) for p in points], rel=1e-8)
        assert clock["row"][:].tolist() == [0, 1, 2]
        assert set(clock["seed"]) == {9}
        assert set(clock["skew"].asstr()) == {"exponential:5 us"} and set(clock["noise"].asstr()) == {""}
        assert set(clock["faults"].asstr()) == {"--slow 17:1.5"}
        predicted = file["modelled/collective"]
        assert predicted["time"][:] == pytest.approx([float(p["predicted"]) for p in points], rel=1e-8)
        assert predicted["size"][:].tolist() == [int(p["size"]) for p in points]
        assert chip["chip"][:].tolist() == 3 * list(range(512))
        for row in range(3):
            finish = chip["finish"][:][chip["row"][:] == row]
            assert finish.min() == clock["first"][row] and finish.max() == clock["last"][row]
            assert finish.argmax() == clock["last_chip"][row]
            assert (finish <= clock["median"][row]).sum() >= 256


def test_ranks_leave_the_same_bytes(tmp_path):
    files = [tmp_path / f"{ranks}.h5" for ranks in (1, 2)]
    for ranks, out in enumerate(files, 1):
        assert run(*CLOCK, "-b", "1M", "-e", "1M", "--noise", "exponential:1 us", "--per-chip", "-O", out,
                   ranks=ranks).returncode == 0
    assert filecmp.cmp(*files, shallow=False)


def test_scaling_is_recorded_with_its_samples(tmp_path):
    out = tmp_path / "scaling.h5"
    result = run(*CLOCK, "-b", "1M", "-e", "1M", "--noise", "exponential:1 us", "--scaling", "-n", "4", "-O", out,
                 ranks=2)
    assert result.returncode == 0, result.stderr
    shown = [row[:5] for row in rows(result.stdout) if row[0] in ("strong", "weak")]
    with h5py.File(out) as file:
        table = file["measured/clock"]
        kinds, ranks, chips = table["scaling"].asstr()[:].tolist(), table["ranks"][:], table["chips"][:]
        assert list(zip(kinds, ranks, chips)) == [("strong", 1, 512), ("strong", 2, 512), ("weak", 1, 256),
                                                  ("weak", 2, 512)]
        assert [[k, str(r), str(c)] for k, r, c in zip(kinds, ranks, chips)] == [
            [row[0], row[1], row[3]] for row in shown]
        samples = table["samples"][:]
        assert samples.shape == (4, 4)
        assert table["time"][:] == pytest.approx(np.median(samples, axis=1))
        rate = chips * table["steps"][:] / np.median(samples, axis=1)
        assert table["rate"][:] == pytest.approx(rate)
        assert table["efficiency"][:] == pytest.approx([1, rate[1] / rate[0] / 2, 1, rate[3] / rate[2] / 2])
        assert "provenance/manifest" in file


def test_an_existing_file_is_refused_before_the_clocks_run(tmp_path):
    out = tmp_path / "there.h5"
    assert run(*CLOCK, "-b", "1M", "-e", "1M", "-O", out).returncode == 0
    refused(*CLOCK, "-b", "1M", "-e", "1M", "-O", out, code=3, says=["there.h5"])


def test_a_faster_schedule_that_clocks_cannot_run_is_named():
    """8,191 UltraServers are no power of two: with doubling over them some sit out the steps that fold the rest in."""
    both = ("collective", "all_reduce", "--system", "rainier", "--without", "ultraserver=5", "-b", "1M", "-e", "1M")
    predicted = run(*both)
    clock = run(*both, "--reader", "clock")
    assert predicted.returncode == 0 and clock.returncode == 0, predicted.stderr + clock.stderr
    point = rows(predicted.stdout)[-1]
    columns = next(line for line in predicted.stdout.splitlines() if "algbw" in line and "size" in line).split()[1:]
    time, best = point[columns.index("time")], point[-1]
    notes = [line for line in clock.stdout.splitlines() if line.startswith("# auto: ")]
    assert "doubling(network)" in best and len(notes) == 1
    assert f"{best} is predicted at {time} us, but some chips sit out some steps" in notes[0]
    named = run(*both, "--reader", "clock", "--algorithm", "rhd(x,y,z)+butterfly(network)")
    assert named.returncode == 0 and "# auto" not in named.stdout
    refused(*both, "--reader", "clock", "--algorithm", best, says=["some chips sit out some steps"])


def test_slips_are_said():
    refused(*CLOCK, "--per-chip", says=["-O FILE"])
    refused(*CLOCK, "--scaling", "--slow", "17:2", says=["--noise and --skew"])
    refused(*CLOCK, "--explain", says=["--reader predict"])
    refused("collective", "all_reduce", "--system", "rainier", "--scaling", says=["--reader clock"])
    refused("collective", "all_reduce", "--per-chip", says=["--system"])
