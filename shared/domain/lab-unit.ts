import type { LabUnit } from './lab-report.ts';

/** Units that laboratories write without saying that they are UCUM, and that mean there what they mean everywhere. */
const evident: ReadonlySet<string> = new Set(
  `% /uL /mL /nL 10*3/uL 10*6/uL 10*9/L 10*12/L 10*3/mL 10*6/mL cm mm kg g mg ug ng pg fL pL nL uL mL dL L mol mmol umol nmol
  pmol g/L g/dL g/mL mg/L mg/dL mg/mL mg/g mg/mmol ug/L ug/dL ug/mL ug/g ng/L ng/dL ng/mL pg/mL mol/L mmol/L umol/L nmol/L
  pmol/L mmol/mol mmol/kg mosm/kg meq/L U/L U/mL kU/L [IU]/L [IU]/mL m[IU]/L m[IU]/mL u[IU]/mL k[IU]/L mm/h mm[Hg] s min h d
  mL/min mL/min/{1.73_m2} kat/L ukat/L nkat/L Cel {copies}/mL {ratio} {INR}`.split(/\s+/),
);

/** What else laboratories write for such a unit. */
const spellings: ReadonlyMap<string, string> = new Map([
  ['mEq/L', 'meq/L'],
  ['MEQ/L', 'meq/L'],
  ['MMOL/L', 'mmol/L'],
  ['MG/DL', 'mg/dL'],
  ['10^3/uL', '10*3/uL'],
  ['10^9/L', '10*9/L'],
  ['10E9/L', '10*9/L'],
]);

/** A litre that stands alone or behind a prefix, between the operators of UCUM. */
const SMALL_LITRE = /(?<=^|[./(])(da|[YZEPTGMkhdcmunpfazy])?l(?=$|[./)\d+-])/g;

/** UCUM of what a laboratory wrote; undefined where it is not evident. */
export function evidentUnit(written: string): string | undefined {
  const plain = withLitre(written.trim().replaceAll(/[µμ]/g, 'u'));
  const unit = spellings.get(plain) ?? plain;
  return evident.has(unit) ? unit : undefined;
}

/** UCUM of a unit, as it was said or as is evident from how it is shown. */
export function ucumOf({ ucum, text }: LabUnit): string | undefined {
  return ucum ?? evidentUnit(text);
}

/** Whether two units are one: UCUM has `l` and `L` for the litre, and some write `mEq` as if it were UCUM. */
export function isSameUnit(one: string, other: string): boolean {
  return plainUcum(one) === plainUcum(other);
}

function plainUcum(ucum: string): string {
  return evidentUnit(ucum) ?? withLitre(ucum);
}

function withLitre(ucum: string): string {
  return ucum.replaceAll(SMALL_LITRE, '$1L');
}
