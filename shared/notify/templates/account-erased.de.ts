import type { Wording } from '../template.ts';

export const accountErasedDe: Wording = {
  subject: 'Ihr Careflow-Konto wird gelöscht',
  text: `Guten Tag,

Ihr Careflow-Konto und Ihre Daten werden gelöscht, wie es verlangt wurde. Ihre kommenden Termine sind abgesagt. Was wir von Gesetzes wegen aufbewahren müssen, liegt getrennt und versiegelt. Dies ist unsere letzte Nachricht.

Wenn Sie um nichts gebeten haben, schreiben Sie uns sofort.

Careflow
`,
  sms: 'Careflow: Ihr Konto wird gelöscht, Ihre Termine sind abgesagt. Wenn Sie um nichts gebeten haben, schreiben Sie uns sofort.',
};
