// One number for each question that a results file answers: {what, value, note, verdict}.
import * as format from "./format.js";

const theirs = (row) => row.implementation === "MPI";
const point = (row) => [row.collective, row.dtype, row.redop, row.ranks, row.in_place, row.size].join();
const named = (row) => `${row.collective} of ${format.size(row.size)}, ${row.in_place ? "in" : "out of"} place`;

/** "123 of 128 in measured/collective": points that the run file asks for and the file does not have. */
function missing({ texts, tables }) {
  let plan = {};
  try {
    plan = JSON.parse(texts["inputs/plan.json"] ?? "{}") ?? {};
  } catch {
    return [];
  }
  return Object.entries(plan)
    .map(([path, all]) => ({ path, all, gone: all - (tables[path]?.length ?? 0) }))
    .filter(({ gone }) => gone > 0)
    .map(({ path, all, gone }) => `${format.count(gone)} of ${format.count(all)} in ${path}`);
}

function status(file) {
  const { attributes } = file;
  const complete = attributes.status === "complete";
  const why = attributes.failure ?? "the run was cut off or goes on: finished points only";
  return {
    what: "File",
    value: attributes.status,
    verdict: complete ? "good" : "bad",
    note: complete
      ? `${format.many(attributes.last_point, "point")} saved`
      : [why, missing(file).join(", ")].filter(Boolean).join("; missing: "),
  };
}

function wrong(file) {
  const rows = ["measured/collective", "measured/distributed_matmul"].flatMap(
    (path) => file.tables[path]?.column("wrong") ?? [],
  );
  if (!rows.length) return null;
  const bad = rows.filter((value) => value > 0);
  const unchecked = rows.filter((value) => value < 0).length;
  const checked = `${format.count(rows.length - unchecked)} of ${format.count(rows.length)} points checked, every element`;
  return {
    what: "Wrong elements",
    value: format.count(bad.reduce((sum, value) => sum + value, 0)),
    verdict: bad.length ? "bad" : unchecked === rows.length ? "plain" : "good",
    note: bad.length ? `in ${bad.length} points; ${checked}` : checked,
  };
}

function againstMpi(rows) {
  const mpi = new Map(rows.filter(theirs).map((row) => [point(row), row.time]));
  const pairs = rows
    .filter((row) => !theirs(row) && mpi.has(point(row)))
    .map((row) => ({ row, ratio: mpi.get(point(row)) / row.time }));
  if (!pairs.length) return null;
  const worst = pairs.reduce((least, pair) => (pair.ratio < least.ratio ? pair : least));
  const mean = format.geometricMean(pairs.map(({ ratio }) => ratio));
  return {
    what: "Faster than MPI",
    value: format.ratio(mean),
    verdict: mean >= 1 ? "good" : "bad",
    note: `geometric mean of ${pairs.length} points; worst ${format.ratio(worst.ratio)}: ${named(worst.row)}`,
  };
}

function shareOfModel(rows) {
  const shares = rows
    .filter((row) => !theirs(row) && row.model > 0)
    .map((row) => ({ row, share: row.model / row.time }));
  if (!shares.length) return null;
  const worst = shares.reduce((least, one) => (one.share < least.share ? one : least));
  return {
    what: "Of the model's speed",
    value: format.percent(format.median(shares.map(({ share }) => share))),
    note: `median of ${shares.length} points, model / time; least ${format.percent(worst.share)}: ${named(worst.row)}`,
  };
}

/** What stands in for a collective should not be faster (rainier guidelines has more of them, with intervals). */
const GUIDELINES = [
  ["all_reduce", ["reduce_scatter", "all_gather"]],
  ["reduce_scatter", ["all_reduce"]],
  ["all_reduce", ["reduce", "broadcast"]],
  ["all_gather", ["gather", "broadcast"]],
  ["broadcast", ["scatter", "all_gather"]],
  ["reduce", ["all_reduce"]],
  ["gather", ["all_gather"]],
  ["scatter", ["broadcast"]],
];

function guidelines(rows) {
  const mine = rows.filter((row) => !theirs(row));
  const at = new Map(
    mine.map((row) => [[row.collective, row.dtype, row.ranks, row.in_place, row.size].join(), row.time]),
  );
  const held = [];
  for (const row of mine)
    for (const [collective, instead] of GUIDELINES) {
      if (row.collective !== collective) continue;
      const times = instead.map((one) => at.get([one, row.dtype, row.ranks, row.in_place, row.size].join()));
      if (times.every((time) => time > 0))
        held.push({ row, instead, excess: row.time / times.reduce((sum, time) => sum + time, 0) });
    }
  if (!held.length) return null;
  const broken = held.filter(({ excess }) => excess > 1.1);
  const worst = held.reduce((most, one) => (one.excess > most.excess ? one : most));
  return {
    what: "Guidelines",
    value: `${held.length - broken.length} of ${held.length} hold`,
    verdict: broken.length ? "bad" : "good",
    note: `no collective should be over 10 % slower than what could stand in for it; worst ${format.ratio(worst.excess)}: ${named(worst.row)}, against ${worst.instead.join(" + ")}`,
  };
}

function modelled(file) {
  const table = file.tables["modelled/collective"];
  if (!table) return null;
  return {
    what: "Modelled collectives",
    value: format.many(table.length, "point"),
    note: `${table.values("system").join(", ")}; up to ${format.count(Math.max(...table.column("chips")))} chips; ${format.percent(format.median(table.column("fraction_of_bound")))} of the lower bound in the median`,
  };
}

function matmuls(file) {
  const table = file.tables["modelled/matmul"];
  return (
    table && {
      what: "Modelled matmuls",
      value: format.many(table.length, "point"),
      note: `${table.values("chip").join(", ")} in ${table.values("dtype").join(", ")}; ${format.percent(format.median(table.column("fraction_of_roof")))} of the roof in the median`,
    }
  );
}

function hostMatmuls(file) {
  const table = file.tables["measured/matmul"];
  if (!table) return null;
  const best = table.list().reduce((most, row) => (row.rate > most.rate ? row : most));
  return {
    what: "Fastest matmul here",
    value: format.flops(best.rate),
    note: `${best.dtype}, ${best.m} x ${best.n} x ${best.k}, ${best.kernel}, ${best.threads} threads`,
  };
}

function training(file) {
  const table = file.tables["modelled/training"];
  if (!table) return null;
  const best = table.list().reduce((most, row) => (row.mfu > most.mfu ? row : most));
  return {
    what: "Training step",
    value: format.time(best.time),
    note: `${best.model} on ${format.count(best.chips)} x ${best.chip}: MFU ${format.percent(best.mfu)}${table.length > 1 ? `, the best of ${table.length} steps` : ""}`,
  };
}

function clocks(file) {
  const table = file.tables["modelled/clock"];
  if (!table) return null;
  const rows = table.list();
  const row = rows.reduce((most, one) => (one.last > most.last ? one : most));
  return {
    what: "Last of all chips",
    value: format.time(row.last),
    note: `median ${format.time(row.median)}; chip ${format.count(row.last_chip)}${row.faults ? `; ${row.faults}` : ""}`,
  };
}

function origins(file) {
  const table = file.tables["systems/figures"];
  if (!table) return null;
  const of = (status) => table.where({ status }).length;
  return {
    what: "Figures of the machines",
    value: `${format.percent(of("assumed") / table.length)} assumed`,
    note: `${of("published")} published, ${of("derived")} derived, ${of("assumed")} assumed, each with its source`,
  };
}

function goodput(file) {
  const table = file.tables["modelled/goodput"];
  if (!table) return null;
  const row = table.list().reduce((most, one) => (one.goodput > most.goodput ? one : most));
  return {
    what: "Goodput",
    value: format.percent(row.goodput),
    note: `${format.count(row.chips)} x ${row.chip} over ${format.number(row.duration / 86400)} days; ${format.percent(row.goodput_q05)} to ${format.percent(row.goodput_q95)} in 90 % of the runs${table.length > 1 ? `; the best of ${table.length} jobs` : ""}`,
  };
}

export function verdicts(file) {
  const rows = file.tables["measured/collective"]?.list() ?? [];
  return [
    status(file),
    wrong(file),
    againstMpi(rows),
    shareOfModel(rows),
    guidelines(rows),
    hostMatmuls(file),
    modelled(file),
    matmuls(file),
    training(file),
    clocks(file),
    goodput(file),
    origins(file),
  ].filter(Boolean);
}
