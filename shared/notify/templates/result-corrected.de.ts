import type { Template } from '../template.ts';

export const resultCorrectedDe: Template = {
  patient: {
    subject: 'Ein Befund wurde berichtigt',
    text: `Guten Tag,

ein Befund, den Sie lesen konnten, wurde berichtigt. Öffnen Sie Ihr Careflow-Konto, um zu sehen, was sich geändert hat.

Zum Schutz Ihrer Daten sagt diese Nachricht nicht mehr.
`,
    sms: 'Careflow: Ein Befund wurde berichtigt. Öffnen Sie Ihr Konto, um die Änderung zu sehen.',
  },
};
