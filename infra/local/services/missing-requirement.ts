/** The machine lacks something; `remedy` says what its user can do about it. */
export class MissingRequirement extends Error {
  readonly what: string;
  readonly remedy: string;

  constructor(what: string, remedy: string, options?: { cause?: unknown }) {
    super(`${what}: ${remedy}`, options);
    this.name = 'MissingRequirement';
    this.what = what;
    this.remedy = remedy;
  }
}
