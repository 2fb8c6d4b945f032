import type { Wording } from '../template.ts';

/** To whoever acts for the patient: whose account it is is not said to who else may read it. */
export const accountErasedProxyDe: Wording = {
  subject: 'Ein Careflow-Konto, um das Sie sich kümmern, wird gelöscht',
  text: `Guten Tag,

ein Careflow-Konto, um das Sie sich kümmern, und seine Daten werden gelöscht, wie es verlangt wurde. Die kommenden Termine sind abgesagt. Was wir von Gesetzes wegen aufbewahren müssen, liegt getrennt und versiegelt. Dies ist unsere letzte Nachricht zu diesem Konto; Ihr eigenes bleibt bestehen.

Wenn Sie um nichts gebeten haben, schreiben Sie uns sofort.

Careflow
`,
  sms: 'Careflow: Ein Konto, um das Sie sich kümmern, wird gelöscht, seine Termine sind abgesagt. Wenn Sie um nichts gebeten haben, schreiben Sie uns sofort.',
};
