// What part of the machine is shown, and where the cursor stands in it. A view is a level and its first chip.
export class View {
  constructor(layout) {
    this.layout = layout;
    this.level = layout.levels.length; // blocks below this level are shown: all of them
    this.first = 0;
    this.cursor = 0; // first chip of the block under the cursor
    this.chosen = false; // the chip under the cursor has its table
  }

  /** Children are blocks below this level; chips in a server. */
  get below() {
    return this.level <= this.layout.server ? 0 : this.level - 1;
  }
  get inServer() {
    return this.below === 0;
  }
  get step() {
    return this.layout.sizes[this.below];
  }
  get count() {
    return this.layout.sizes[this.level] / this.step;
  }

  get box() {
    const [x, y] = this.level === this.layout.levels.length ? [0, 0] : this.layout.corner(this.first, this.level);
    const { width, height } = this.layout.blocks[this.level - 1];
    return { x, y, width, height };
  }

  place(index) {
    if (this.inServer) return this.layout.inServer(index);
    const { cols } = this.layout.blocks[this.below];
    return [index % cols, Math.floor(index / cols)];
  }

  move(dx, dy) {
    const index = (this.cursor - this.first) / this.step;
    const [x, y] = this.place(index);
    for (let i = 0; i < this.count; i++) {
      const [col, row] = this.place(i);
      if (col === x + dx && row === y + dy) this.cursor = this.first + i * this.step;
    }
  }

  enter() {
    if (this.inServer) {
      this.chosen = true;
      return;
    }
    this.level = Math.max(this.below, this.layout.server);
    this.first = this.cursor;
  }

  leave() {
    if (this.chosen) this.chosen = false;
    else if (this.level < this.layout.levels.length) {
      this.cursor = this.first;
      this.level++;
      this.first -= this.first % this.layout.sizes[this.level];
    }
  }

  /** Straight to a chip in its server. */
  show(chip) {
    this.level = this.layout.server;
    this.first = chip - (chip % this.layout.serverSize);
    this.cursor = chip;
    this.chosen = true;
  }

  /** [{name, digit}] from the site down to what is shown. */
  path() {
    return this.layout.levels
      .map(({ name }, level) => ({ name, digit: this.layout.digit(this.first, level), level }))
      .slice(this.level)
      .reverse();
  }
}
