import type { Template } from '../template.ts';

export const accountUpdatedDe: Template = {
  patient: {
    subject: 'Ihr Careflow-Konto hat sich geändert',
    text: `Guten Tag,

der Status Ihres Careflow-Kontos hat sich geändert. Geht das nicht auf Sie zurück, öffnen Sie Ihr Konto und beenden Sie Sitzungen, die Sie nicht kennen.
`,
    sms: 'Careflow: Der Status Ihres Kontos hat sich geändert. Geht das nicht auf Sie zurück, öffnen Sie es.',
  },
};
