"""GOAL text parsed and replayed, knowing nothing of the program that wrote it: who sends how much to whom,
when everything ends if messages cost latency + bytes / bandwidth, and whose start each end depends on."""
import re

OPERATION = re.compile(r"(l\d+): (?:(send|recv) (\d+)b (?:to|from) (\d+) tag (\d+)|calc (\d+))$")


class Operation:
    def __init__(self, kind, peer, key, amount):
        self.kind, self.peer, self.key, self.amount = kind, peer, key, amount
        self.after, self.end = [], None
        self.knows = 0  # bits of the ranks whose start comes before its end


def parse(text):
    """[{label: Operation}] of each rank, in the order of the file."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    number = int(re.fullmatch(r"num_ranks (\d+)", lines[0]).group(1))
    ranks, now = [None] * number, None
    for line in lines[1:]:
        if opens := re.fullmatch(r"rank (\d+) \{", line):
            assert now is None and ranks[int(opens.group(1))] is None
            now = ranks[int(opens.group(1))] = {}
        elif line == "}":
            now = None
        elif waits := re.fullmatch(r"(l\d+) requires (l\d+)", line):
            now[waits.group(1)].after.append(now[waits.group(2)])
        else:
            label, kind, size, peer, tag, calc = OPERATION.match(line).groups()
            assert label not in now
            now[label] = (Operation("calc", None, None, int(calc)) if calc is not None else
                          Operation(kind, int(peer), int(tag), int(size)))
    assert now is None and None not in ranks
    return ranks


def match(ranks):
    """(send, receive) of every message; none is left over, none ambiguous, both have one size."""
    sends = {}
    for rank, operations in enumerate(ranks):
        for op in operations.values():
            if op.kind == "send":
                assert (rank, op.peer, op.key) not in sends
                sends[rank, op.peer, op.key] = op
    pairs = {}
    for rank, operations in enumerate(ranks):
        for op in operations.values():
            if op.kind == "recv":
                send = sends.pop((op.peer, rank, op.key))
                assert send.amount == op.amount
                pairs[op] = send
    assert not sends
    return pairs


def replay(ranks, latency=0.0, bandwidth=1.0):
    """Time at which the last operation ends. A rank's messages leave one after the other, nanoseconds of
    calc take their time; every operation must come to its end."""
    pairs, port = match(ranks), [0.0] * len(ranks)
    left = [(rank, op) for rank, operations in enumerate(ranks) for op in operations.values()]
    while left:
        waiting = []
        for rank, op in left:
            needs = op.after + ([pairs[op]] if op in pairs else [])
            if any(need.end is None for need in needs):
                waiting.append((rank, op))
                continue
            start = max((need.end for need in op.after), default=0.0)
            op.knows = 1 << rank
            for need in needs:
                op.knows |= need.knows
            if op.kind == "send":
                port[rank] = op.arrives = max(start, port[rank]) + op.amount / bandwidth
                op.end = op.arrives
            elif op.kind == "recv":
                op.end = max(start, pairs[op].arrives + latency)
            else:
                op.end = start + op.amount * 1e-9
        assert len(waiting) < len(left), "deadlock"
        left = waiting
    return max(op.end for operations in ranks for op in operations.values())


def sent(ranks):
    """Bytes that each rank sends."""
    return [sum(op.amount for op in operations.values() if op.kind == "send") for operations in ranks]


def heard(ranks):
    """Of each rank, from how many ranks' starts something has come to it, itself included."""
    known = []
    for rank, operations in enumerate(ranks):
        bits = 1 << rank
        for op in operations.values():
            bits |= op.knows
        known.append(bin(bits).count("1"))
    return known
