"""Executes an algorithm of MSCCL on small vectors of integers, thread blocks in any order that their waits
allow, as MSCCL's runtime may. Knows nothing of the program that wrote the file."""
import random
import xml.etree.ElementTree

RECEIVES, SENDS, ADDS = {"r", "rrc", "rcs", "rrcs", "rrs"}, {"s", "rcs", "rrcs", "rrs"}, {"rrc", "rrcs", "rrs"}


class Gpu:
    def __init__(self, node, buffers):
        self.buffers = buffers
        self.blocks = [(tb.attrib, [s.attrib for s in tb.findall("step")]) for tb in node.findall("tb")]
        self.done = [0] * len(self.blocks)

    def load(self, step, end):
        at, count = int(step[end + "off"]), int(step["cnt"])
        values, base = self.buffers[step[end + "buf"]]
        part = values[base + at:base + at + count]
        assert len(part) == count and None not in part, step
        return part

    def store(self, step, end, part):
        values, base = self.buffers[step[end + "buf"]]
        at = base + int(step[end + "off"])
        assert at + len(part) <= len(values)
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
    part = None
    if kind in RECEIVES:
        queue = channels.setdefault((int(attributes["recv"]), rank, attributes["chan"]), [])
        if not queue:
            return False
        part = queue.pop(0)
        assert len(part) == int(now["cnt"])
    if kind in ADDS:
        part = [a + b for a, b in zip(gpu.load(now, "src"), part)]
    if kind in {"s", "cpy"}:
        part = gpu.load(now, "src")
    if kind == "re":
        part = [a + b for a, b in zip(gpu.load(now, "src"), gpu.load(now, "dst"))]
    if kind in {"r", "rrc", "rcs", "rrcs", "cpy", "re"}:
        gpu.store(now, "dst", part)
    if kind in SENDS:
        channels.setdefault((rank, int(attributes["send"]), attributes["chan"]), []).append(list(part))
    assert kind in RECEIVES | SENDS | {"cpy", "re", "nop"}
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
