import type { Template } from '../template.ts';

export const criticalResultRaisedDe: Template = {
  practitioner: {
    subject: 'Kritischer Befund: bitte sofort lesen',
    text: `Guten Tag,

ein kritischer Befund wartet auf Sie. Öffnen Sie ihn jetzt in Careflow und bestätigen Sie ihn: Ohne Bestätigung folgt eine weitere Meldung, auch an Ihre Vertretung.

Referenz: {reference}
`,
    sms: 'DRINGEND Careflow: Ein kritischer Befund wartet auf Sie. Bitte jetzt bestätigen. Ref. {reference}',
  },
};
