import type { Template } from '../template.ts';

export const criticalResultEscalatedDe: Template = {
  practitioner: {
    subject: 'DRINGEND: kritischer Befund seit {minutes} Minuten unbestätigt',
    text: `Guten Tag,

ein kritischer Befund wartet seit {minutes} Minuten und niemand hat ihn bestätigt. Die Meldung geht an die anfordernde Person und ihre Vertretung: Wer dies zuerst liest, handelt, öffnet den Befund in Careflow und bestätigt ihn.

Referenz: {reference}
`,
    sms: 'DRINGEND Careflow: kritischer Befund seit {minutes} min unbestätigt. Jetzt handeln. Ref. {reference}',
  },
};
