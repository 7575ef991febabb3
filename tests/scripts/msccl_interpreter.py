"""Executes an algorithm of MSCCL on small vectors of integers, thread blocks in any order that their waits
allow, as MSCCL's runtime may, and watches that no two of them use one chunk at a time if one of them writes.
Knows nothing of the program that wrote the file."""
import random
import xml.etree.ElementTree

RECEIVES, SENDS, ADDS = {"r", "rrc", "rcs", "rrcs", "rrs"}, {"s", "rcs", "rrcs", "rrs"}, {"rrc", "rrcs", "rrs"}


class Gpu:
    def __init__(self, node, buffers):
        self.buffers = buffers
        self.written, self.read = {}, {}  # by chunk: the step that wrote it, those that have read it since
        self.blocks = [(tb.attrib, [s.attrib for s in tb.findall("step")]) for tb in node.findall("tb")]
        self.done = [0] * len(self.blocks)
        self.clocks = [[] for _ in self.blocks]  # after each step: {thread block: its steps before}

    def use(self, values, chunks, me, clock, writes):
        """`me` is (thread block, number of its step), `clock` what has come before it."""
        def came_before(step):
            return clock.get(step[0], 0) >= step[1]
        for chunk in chunks:
            key = id(values), chunk
            others = [self.written[key]] if key in self.written else []
            others += self.read.get(key, []) if writes else []
            assert all(came_before(other) for other in others), f"chunk {chunk} is used in no order"
            if writes:
                self.written[key], self.read[key] = me, []
            else:
                self.read.setdefault(key, []).append(me)

    def load(self, step, end, me, clock):
        at, count = int(step[end + "off"]), int(step["cnt"])
        values, base = self.buffers[step[end + "buf"]]
        part = values[base + at:base + at + count]
        assert len(part) == count and None not in part, step
        self.use(values, range(base + at, base + at + count), me, clock, False)
        return part

    def store(self, step, end, part, me, clock):
        values, base = self.buffers[step[end + "buf"]]
        at = base + int(step[end + "off"])
        assert at + len(part) <= len(values)
        self.use(values, range(at, at + len(part)), me, clock, True)
        values[at:at + len(part)] = part


def vectors(collective, ranks, chunks, in_place):
    """({rank: buffers as (values, first chunk of the rank)}, what each must hold at the end)."""
    random.seed(ranks * chunks)
    each = chunks // ranks
    full = [[random.randrange(10**6) for _ in range(chunks)] for _ in range(ranks)]
    total = [sum(v) for v in zip(*full)]
    buffers, wanted = [], []
    for r in range(ranks):
        own = slice(r * each, (r + 1) * each)
        gathers, scatters = collective == "allgather", collective == "reduce_scatter"
        start = [None] * chunks if gathers else list(full[r])
        if gathers:
            start[own] = full[r][own]
        end = start if in_place else [None] * chunks
        buffers.append({"i": (start, r * each if gathers else 0), "o": (end, r * each if scatters else 0)})
        wanted.append({"allreduce": (slice(None), total), "reduce_scatter": (own, total[own]),
                       "allgather": (slice(None), [v for q in range(ranks) for v in full[q][q * each:(q + 1) * each]]),
                       "alltoall": (slice(None), [v for q in range(ranks) for v in full[q][own]])}[collective])
    return buffers, wanted


def join(clock, other):
    for block, steps in other.items():
        clock[block] = max(clock.get(block, 0), steps)


def step(gpu, rank, block, channels):
    """The next step of a thread block; False where it must wait."""
    attributes, steps = gpu.blocks[block]
    if gpu.done[block] == len(steps):
        return False
    now = steps[gpu.done[block]]
    kind = now["type"]
    if int(now["depid"]) >= 0:
        on, at = int(now["depid"]), int(now["deps"])
        assert gpu.blocks[on][1][at]["hasdep"] == "1"
        if gpu.done[on] <= at:
            return False
    clock = dict(gpu.clocks[block][-1]) if gpu.clocks[block] else {}
    me = (rank, block), gpu.done[block] + 1
    join(clock, {me[0]: me[1]})
    if int(now["depid"]) >= 0:
        join(clock, gpu.clocks[int(now["depid"])][int(now["deps"])])
    part = None
    if kind in RECEIVES:
        queue = channels.setdefault((int(attributes["recv"]), rank, attributes["chan"]), [])
        if not queue:
            return False
        part, sent = queue.pop(0)
        join(clock, sent)
        assert len(part) == int(now["cnt"])
    if kind in ADDS:
        part = [a + b for a, b in zip(gpu.load(now, "src", me, clock), part)]
    if kind in {"s", "cpy"}:
        part = gpu.load(now, "src", me, clock)
    if kind == "re":
        part = [a + b for a, b in zip(gpu.load(now, "src", me, clock), gpu.load(now, "dst", me, clock))]
    if kind in {"r", "rrc", "rcs", "rrcs", "cpy", "re"}:
        gpu.store(now, "dst", part, me, clock)
    if kind in SENDS:
        channels.setdefault((rank, int(attributes["send"]), attributes["chan"]), []).append((list(part), dict(clock)))
    assert kind in RECEIVES | SENDS | {"cpy", "re", "nop"}
    gpu.clocks[block].append(clock)
    gpu.done[block] += 1
    return True


def execute(path, order):
    """Runs the file once, thread blocks in an order drawn with the seed `order`; checks the results.
    Returns the chunks that each GPU sends."""
    root = xml.etree.ElementTree.parse(path).getroot()
    nodes = sorted(root.findall("gpu"), key=lambda n: int(n.get("id")))
    chunks, in_place = int(root.get("nchunksperloop")), root.get("inplace") == "1"
    buffers, wanted = vectors(root.get("coll"), len(nodes), chunks, in_place)
    for node, own in zip(nodes, buffers):
        own["s"] = ([None] * int(node.get("s_chunks")), 0)
    gpus, channels = [Gpu(n, b) for n, b in zip(nodes, buffers)], {}
    draw = random.Random(order)
    blocks = [(r, b) for r, gpu in enumerate(gpus) for b in range(len(gpu.blocks))]
    while any(gpus[r].done[b] < len(gpus[r].blocks[b][1]) for r, b in blocks):
        draw.shuffle(blocks)
        assert any([step(gpus[r], r, b, channels) for r, b in blocks]), "deadlock"
    assert not any(channels.values())
    for gpu, (where, values) in zip(gpus, wanted):
        assert gpu.buffers["o"][0][where] == values
    return [sum(int(s["cnt"]) for _, steps in gpu.blocks for s in steps if s["type"] in SENDS) for gpu in gpus]
