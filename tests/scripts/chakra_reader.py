"""Chakra's execution traces read and replayed, by the field numbers of its schema and Protobuf's wire format
alone: neither a library nor the program that wrote them has a part in it."""
import dataclasses
import heapq
import json
import pathlib
import re

COMP, SEND, RECEIVE, COLLECTIVE = 4, 5, 6, 7
ALL_REDUCE, ALL_GATHER, ALL_TO_ALL, REDUCE_SCATTER = 0, 2, 6, 7
TYPES = {7: "int32", 9: "int64", 13: "uint64", 27: "bool", 29: "string"}  # of AttributeProto's value
WANTED = {COMP: {"is_cpu_op": "bool", "num_ops": "int64", "tensor_size": "uint64"},
          SEND: {"is_cpu_op": "bool", "comm_size": "int64", "comm_src": "int32", "comm_dst": "int32",
                 "comm_tag": "int32"},
          COLLECTIVE: {"is_cpu_op": "bool", "comm_type": "int64", "comm_size": "int64", "pg_name": "string"}}
WANTED[RECEIVE] = WANTED[SEND]


@dataclasses.dataclass
class Node:
    id: int = 0
    name: str = ""
    type: int = 0
    after: list = dataclasses.field(default_factory=list)
    micros: int = 0
    attributes: dict = dataclasses.field(default_factory=dict)
    end: float = None  # in seconds, once replayed
    knows: int = 0     # bits of the ranks whose start comes before its end

    def __getattr__(self, name):
        try:
            return self.attributes[name]
        except KeyError:
            raise AttributeError(name) from None


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """(number, value) of a message: numbers, or bytes of what has a length."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            assert key & 7 == 2, "neither a number nor a length"
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            assert len(value) == size
        yield key >> 3, value


def attribute(data):
    """Name, type and value. Zero, false and "" are written out: which of the types it is must be known."""
    name, kind, value = None, None, None
    for number, field in fields(data):
        if number == 1:
            name = field.decode()
        else:
            kind, value = TYPES[number], field
    if kind == "bool":
        assert value in (0, 1)
        value = bool(value)
    return name, kind, value.decode() if kind == "string" else value


def packed(value):
    """Repeated numbers come one by one or in a row."""
    if isinstance(value, int):
        return [value]
    numbers, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        numbers.append(number)
    return numbers


def node(data):
    read, types = Node(), {}
    for number, value in fields(data):
        if number == 1:
            read.id = value
        elif number == 2:
            read.name = value.decode()
        elif number == 3:
            read.type = value
        elif number == 5:
            read.after += packed(value)
        elif number == 7:
            read.micros = value
        else:
            assert number == 10, f"field {number} of a node"
            name, kind, attributed = attribute(value)
            assert name not in types
            types[name], read.attributes[name] = kind, attributed
    assert types == WANTED[read.type], read
    return read


def read(path):
    """{id: Node} in the order of the file."""
    data, at, messages = pathlib.Path(path).read_bytes(), 0, []
    while at < len(data):
        size, at = varint(data, at)
        messages.append(data[at:at + size])
        assert len(messages[-1]) == size
        at += size
    assert dict(fields(messages[0])) == {1: b"0.0.4"}
    nodes = {}
    for each in map(node, messages[1:]):
        assert each.id not in nodes and all(before in nodes for before in each.after), "no order to run it in"
        nodes[each.id] = each
    return nodes


def read_all(name):
    """{rank: {id: Node}} of NAME.RANK.et."""
    name = pathlib.Path(name)
    found = {path: re.fullmatch(re.escape(name.name) + r"\.(\d+)\.et", path.name) for path in name.parent.iterdir()}
    return {int(match[1]): read(path) for path, match in found.items() if match}


def groups_of(name):
    """{pg_name: ranks}"""
    return {key: tuple(ranks) for key, ranks in json.loads(pathlib.Path(f"{name}.json").read_text()).items()}


def match(ranks):
    """{(rank, id) of what receives: (rank, id) of what sends}; none is left over, none ambiguous, both agree."""
    sends, pairs = {}, {}
    for rank, nodes in ranks.items():
        for each in nodes.values():
            if each.type == SEND:
                key = rank, each.comm_dst, each.comm_tag
                assert each.comm_src == rank and key not in sends
                sends[key] = rank, each.id
    for rank, nodes in ranks.items():
        for each in nodes.values():
            if each.type == RECEIVE:
                assert each.comm_dst == rank
                pairs[rank, each.id] = sends.pop((each.comm_src, rank, each.comm_tag))
                sender, number = pairs[rank, each.id]
                assert ranks[sender][number].comm_size == each.comm_size
    assert not sends
    return pairs


def meetings(ranks, groups):
    """{(rank, id) of a collective: all of these, one of each rank of its group}: the n-th call of one group on
    one rank meets the n-th of the others, who call the same."""
    calls = {}
    for rank, nodes in ranks.items():
        counted = {}
        for each in nodes.values():
            if each.type == COLLECTIVE:
                assert rank in groups[each.pg_name]
                turn = counted[each.pg_name] = counted.get(each.pg_name, 0) + 1
                calls.setdefault((each.pg_name, turn), []).append((rank, each.id))
    met = {}
    for (group, _), together in calls.items():
        present = [rank for rank in groups[group] if rank in ranks]
        assert sorted(rank for rank, _ in together) == sorted(present)
        assert len({(ranks[r][i].comm_type, ranks[r][i].comm_size) for r, i in together}) == 1
        met.update({call: together for call in together})
    return met


class Replay:
    """Nodes begin when all that they wait for has ended, and take their durations: what is received ends when
    what was sent has taken its own, a collective when its last rank has come and it has taken its own. With one
    message a rank does one communication at a time, of those that are ready the one of the lowest id, as a
    simulator with few resources does."""

    def __init__(self, ranks, groups, one_message):
        self.ranks, self.pairs, self.met, self.one_message = ranks, match(ranks), meetings(ranks, groups), one_message
        self.receivers = {sender: receiver for receiver, sender in self.pairs.items()}
        self.missing, self.waiters, self.come, self.pending = {}, {}, {}, {rank: [] for rank in ranks}
        self.busy, self.events = set(), []
        for rank, nodes in ranks.items():
            for each in nodes.values():
                each.end, each.knows = None, 0
                self.missing[rank, each.id] = len(set(each.after))
                for before in set(each.after):
                    self.waiters.setdefault((rank, before), []).append(each.id)

    def run(self):
        for place, missing in self.missing.items():
            if missing == 0:
                self.ready(place, 0.0)
        for rank in self.ranks:
            self.communicate(rank, 0.0)
        ended = last = 0
        while self.events:
            last, place = heapq.heappop(self.events)
            self.end(place, last)
            ended += 1
        assert ended == len(self.missing), "deadlock"
        return last

    def ready(self, place, now):
        node = self.ranks[place[0]][place[1]]
        if node.type == COMP:
            self.end_at(place, now + node.micros * 1e-6)
        else:
            heapq.heappush(self.pending[place[0]], place)

    def communicate(self, rank, now):
        while self.pending[rank] and not (self.one_message and rank in self.busy):
            self.busy.add(rank)
            self.begin(heapq.heappop(self.pending[rank]), now)

    def begin(self, place, now):
        node = self.ranks[place[0]][place[1]]
        self.come[place] = now
        if node.type == SEND:
            self.end_at(place, now + node.micros * 1e-6)
        elif node.type == RECEIVE:
            rank, number = self.pairs[place]
            if self.ranks[rank][number].end is not None:
                self.end_at(place, now)
        elif all(other in self.come for other in self.met[place]):
            for other in self.met[place]:
                self.end_at(other, now + self.ranks[other[0]][other[1]].micros * 1e-6)

    def end_at(self, place, time):
        heapq.heappush(self.events, (time, place))

    def end(self, place, now):
        rank, node = place[0], self.ranks[place[0]][place[1]]
        node.end, node.knows = now, 1 << rank
        for before in node.after:
            node.knows |= self.ranks[rank][before].knows
        if node.type == RECEIVE:
            node.knows |= self.ranks[self.pairs[place][0]][self.pairs[place][1]].knows
        if node.type == SEND and self.receivers[place] in self.come:
            self.end_at(self.receivers[place], now)
        for waiter in self.waiters.get(place, ()):
            self.missing[rank, waiter] -= 1
            if self.missing[rank, waiter] == 0:
                self.ready((rank, waiter), now)
        if node.type != COMP:
            self.busy.discard(rank)
        self.communicate(rank, now)


def replay(ranks, groups=None, one_message=False):
    """Time at which the last node ends."""
    return Replay(ranks, groups or {}, one_message).run()


def sent(ranks):
    """Bytes that each rank sends."""
    return {rank: sum(each.comm_size for each in nodes.values() if each.type == SEND) for rank, nodes in ranks.items()}


def heard(ranks):
    """Of each rank, from how many ranks' starts something has come to it, itself included."""
    known = {}
    for rank, nodes in ranks.items():
        bits = 1 << rank
        for each in nodes.values():
            bits |= each.knows
        known[rank] = bin(bits).count("1")
    return known
