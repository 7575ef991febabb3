// Where each chip of a machine stands on the canvas: blocks in blocks, one for each level, a pixel a chip.

/** Most pixels between blocks, counted from the server up; what is inside a server touches. */
const GAPS = [1, 3, 10];

/** Columns that make `extent` blocks of a size nearest to the aspect that is wanted. */
function columns(extent, width, height, aspect) {
  let best = 1;
  for (let cols = 1; cols <= extent; cols++) {
    if (extent % cols && extent < 1000) continue; // many may leave the last row short
    const off = (c) => Math.abs(Math.log((c * width) / ((extent / c) * height) / aspect));
    if (off(cols) < off(best)) best = cols;
  }
  return best;
}

export class Layout {
  /** `levels`: [{name, extent, shape}], the lowest first; chips count through the lowest fastest. */
  constructor(levels) {
    this.levels = levels;
    const rings = levels.findIndex((level) => level.shape !== "ring");
    this.server = Math.max(1, rings < 0 ? levels.length : rings); // levels of a server: its rings, or its switch
    this.blocks = [];
    let [width, height] = [1, 1];
    levels.forEach(({ extent, shape }, i) => {
      const ring = shape === "ring" && i < 2;
      const aspect = i === levels.length - 1 && i >= this.server ? 2 : 1;
      const cols = ring ? (i === 0 ? extent : 1) : columns(extent, width, height, aspect);
      const gap =
        i < this.server
          ? 0
          : Math.min(
              GAPS[Math.min(i - this.server, GAPS.length - 1)],
              Math.max(1, Math.round(Math.min(width, height) / 8)),
            );
      const rows = Math.ceil(extent / cols);
      const block = {
        cols,
        rows,
        gap,
        childWidth: width,
        childHeight: height,
        width: cols * (width + gap) - gap,
        height: rows * (height + gap) - gap,
      };
      this.blocks.push(block);
      ({ width, height } = block);
    });
    Object.assign(this, { width, height });
    this.sizes = levels.reduce((all, { extent }) => [...all, all.at(-1) * extent], [1]); // chips below each level
    this.count = this.sizes.at(-1);
    this.serverSize = this.sizes[this.server];
  }

  origin(level, digit) {
    const { cols, gap, childWidth, childHeight } = this.blocks[level];
    return [(digit % cols) * (childWidth + gap), Math.floor(digit / cols) * (childHeight + gap)];
  }

  digit(chip, level) {
    return Math.floor(chip / this.sizes[level]) % this.levels[level].extent;
  }
  digits(chip) {
    return this.levels.map((_, level) => this.digit(chip, level));
  }

  /** Corner of the block of chips that begins with `chip` and holds all levels below `level`. */
  corner(chip, level = 0) {
    let [x, y] = [0, 0];
    for (let i = level; i < this.levels.length; i++) {
      const [dx, dy] = this.origin(i, this.digit(chip, i));
      x += dx;
      y += dy;
    }
    return [x, y];
  }

  /** First chip of the block below `level` at a place of the canvas; null between blocks. */
  at(x, y, level = 0) {
    let chip = 0;
    for (let i = this.levels.length - 1; i >= level; i--) {
      const { cols, rows, gap, childWidth, childHeight } = this.blocks[i];
      const [col, row] = [Math.floor(x / (childWidth + gap)), Math.floor(y / (childHeight + gap))];
      x -= col * (childWidth + gap);
      y -= row * (childHeight + gap);
      const digit = row * cols + col;
      if (
        col < 0 ||
        row < 0 ||
        col >= cols ||
        row >= rows ||
        x >= childWidth ||
        y >= childHeight ||
        digit >= this.levels[i].extent
      )
        return null;
      chip += digit * this.sizes[i];
    }
    return chip;
  }

  /** Place of each chip as an index of pixels, filled one level after the other. */
  pixels() {
    let places = Uint32Array.of(0);
    this.levels.forEach(({ extent }, level) => {
      const next = new Uint32Array(places.length * extent);
      for (let digit = 0; digit < extent; digit++) {
        const [x, y] = this.origin(level, digit);
        const shift = y * this.width + x;
        for (let i = 0; i < places.length; i++) next[digit * places.length + i] = places[i] + shift;
      }
      places = next;
    });
    return places;
  }

  /** Column and row of a chip of a server where it is drawn large: planes of its first two rings, one beside the other. */
  inServer(local) {
    const ring = (i) => i < this.server && this.levels[i].shape === "ring";
    if (!ring(0)) return [local % this.blocks[0].cols, Math.floor(local / this.blocks[0].cols)];
    const x = local % this.sizes[1];
    const y = ring(1) ? Math.floor(local / this.sizes[1]) % this.levels[1].extent : 0;
    const plane = ring(1) ? Math.floor(local / this.sizes[2]) : 0;
    return [x + plane * this.levels[0].extent, y];
  }

  /** [{level, chip}] that a chip of a ring is linked to. */
  neighbours(chip) {
    return this.levels.flatMap(({ extent, shape }, level) => {
      if (shape !== "ring" || level >= this.server || extent < 2) return [];
      const digit = this.digit(chip, level);
      const steps = extent === 2 ? [1] : [1, extent - 1];
      return steps.map((step) => ({ level, chip: chip + (((digit + step) % extent) - digit) * this.sizes[level] }));
    });
  }
}
