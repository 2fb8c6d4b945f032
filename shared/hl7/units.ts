import { type LabUnit, UCUM } from '../domain/lab-report.ts';
import { conceptAt } from './codings.ts';
import type { Segment } from './segment.ts';

/** Units that laboratories write without saying that they are UCUM, and that mean there what they mean everywhere. */
const evident: ReadonlySet<string> = new Set(
  `% /uL /mL 10*3/uL 10*6/uL 10*9/L 10*12/L 10*3/mL 10*6/mL cm mm kg g mg ug ng pg fL pL nL uL mL dL L mol mmol umol nmol pmol
  g/L g/dL g/mL mg/L mg/dL mg/mL mg/g mg/mmol ug/L ug/dL ug/mL ug/g ng/L ng/dL ng/mL pg/mL mol/L mmol/L umol/L nmol/L pmol/L
  mmol/mol mmol/kg mosm/kg meq/L U/L U/mL kU/L [IU]/L [IU]/mL m[IU]/L m[IU]/mL u[IU]/mL k[IU]/L mm/h mm[Hg] s min h d
  mL/min mL/min/{1.73_m2} kat/L ukat/L nkat/L Cel {copies}/mL {ratio} {INR}`.split(/\s+/),
);

/** Reads OBX-6. */
export function unitAt(segment: Segment, field: number): LabUnit | undefined {
  const concept = conceptAt(segment, field);
  if (!concept) return undefined;
  const [first] = concept.codings;
  const stated = concept.codings.find(({ system }) => system === UCUM)?.code;
  const code = first?.code ?? '';
  const ucum = stated ?? (first?.system === undefined && evident.has(code) ? code : undefined);
  return { text: first?.display ?? (code || (concept.text ?? '')), ...(ucum !== undefined && { ucum }) };
}
