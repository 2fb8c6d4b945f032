import type { Template } from '../template.ts';

export const criticalResultEscalatedEn: Template = {
  practitioner: {
    subject: 'URGENT: critical result without an answer for {minutes} minutes',
    text: `Hello,

A critical result has been waiting for {minutes} minutes and nobody has acknowledged it. The alert goes to whoever ordered the examination and to whoever stands in for them: the first to read this acts, opens the result in Careflow and acknowledges it.

Reference: {reference}
`,
    sms: 'URGENT Careflow: critical result unanswered for {minutes} min. Act now. Ref. {reference}',
  },
};
