// A table of the results file: columns as arrays, rows selected by equality. The twin of results.Table.
const ARRAYS = { f64: Float64Array, f32: Float32Array, u16: Uint16Array, u32: Uint32Array };

function unpacked({ type, data }) {
  const text = atob(data);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new ARRAYS[type](bytes.buffer);
}

/** What report_data.py wrote: a range, codes of words or of values, or plain numbers. */
function decoded(column) {
  if (column.step !== undefined)
    return Float64Array.from({ length: column.length }, (_, i) => column.from + i * column.step);
  if (!column.codes) return unpacked(column);
  const codes = unpacked(column.codes);
  if (column.words) return Array.from(codes, (code) => column.words[code]);
  const values = unpacked(column.values);
  const out = new Float64Array(codes.length);
  for (let i = 0; i < out.length; i++) out[i] = values[codes[i]];
  return out;
}

export class Table {
  constructor(columns, rows) {
    this.columns = columns; // name -> {units, about, values}
    this.rows = rows;
  }

  static from({ points, columns }) {
    const all = {};
    for (const [name, column] of Object.entries(columns)) {
      let values = null; // decoded when first read
      all[name] = {
        units: column.units,
        about: column.about,
        get values() {
          return (values ??= decoded(column));
        },
      };
    }
    return new Table(
      all,
      Uint32Array.from({ length: points }, (_, i) => i),
    );
  }

  get length() {
    return this.rows.length;
  }
  get names() {
    return Object.keys(this.columns);
  }
  has(name) {
    return name in this.columns;
  }
  /** Values of all rows; a file of another schema may lack a column. */
  all(name) {
    if (!(name in this.columns)) throw new Error(`the file has no column ${name} here; rainier check says what else`);
    return this.columns[name].values;
  }
  at(name, i) {
    return this.all(name)[this.rows[i]];
  }
  column(name) {
    const values = this.all(name);
    return Array.from(this.rows, (row) => values[row]);
  }
  row(i) {
    return Object.fromEntries(this.names.map((name) => [name, this.at(name, i)]));
  }
  list() {
    return Array.from(this.rows, (_, i) => this.row(i));
  }
  values(name) {
    return [...new Set(this.column(name))];
  }

  filter(keep) {
    return new Table(
      this.columns,
      this.rows.filter((_, i) => keep(i)),
    );
  }

  where(wanted) {
    const tests = Object.entries(wanted).map(([name, value]) => [this.all(name), value]);
    return new Table(
      this.columns,
      this.rows.filter((row) => tests.every(([values, value]) => values[row] === value)),
    );
  }

  sorted(name) {
    const values = this.all(name);
    return new Table(
      this.columns,
      this.rows.slice().sort((a, b) => values[a] - values[b]),
    );
  }

  csv() {
    const cell = (value) =>
      typeof value === "string" ? `"${value.replaceAll('"', '""')}"` : Number.isNaN(value) ? "" : value;
    const { names } = this;
    const lines = [names.join(",")];
    for (let i = 0; i < this.length; i++) lines.push(names.map((name) => cell(this.at(name, i))).join(","));
    return lines.join("\n") + "\n";
  }
}

/** Tables made of rows that the page computed. */
export function tableOf(rows, units = {}) {
  const names = Object.keys(rows[0] ?? {});
  return new Table(
    Object.fromEntries(
      names.map((name) => [name, { units: units[name] ?? "1", about: "", values: rows.map((row) => row[name]) }]),
    ),
    Uint32Array.from(rows, (_, i) => i),
  );
}
