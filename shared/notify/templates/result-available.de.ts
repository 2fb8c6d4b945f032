import type { Template } from '../template.ts';

export const resultAvailableDe: Template = {
  patient: {
    subject: 'Ein neuer Befund liegt vor',
    text: `Guten Tag,

ein neuer Befund liegt vor. Öffnen Sie Ihr Careflow-Konto, um ihn zu lesen.

Zum Schutz Ihrer Daten sagt diese Nachricht nicht mehr.
`,
    sms: 'Careflow: Ein neuer Befund liegt vor. Öffnen Sie Ihr Konto, um ihn zu lesen.',
  },
};
