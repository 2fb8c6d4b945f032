import type { Template } from '../template.ts';

export const bookingCancelledEn: Template = {
  patient: {
    subject: 'Appointment cancelled: {date} at {time}',
    text: `Hello,

The appointment is cancelled.

With: {practitioner}
Date: {date}
Time: {time} ({zone})
Place: {place}

The attached file takes it out of your calendar. To book another, open your Careflow account.

Reference: {reference}
`,
    sms: 'Appointment cancelled with {practitioner} on {day} at {time}, {place}',
    calendar: 'Appointment with {practitioner}',
  },
  practitioner: {
    subject: 'Appointment cancelled: {date} at {time}',
    text: `Hello,

The appointment is cancelled and its slot is free again.

Date: {date}
Time: {time} ({zone})
Place: {place}

The attached file takes it out of your calendar.

Reference: {reference}
`,
    sms: 'Appointment cancelled on {day} at {time}. Ref. {reference}',
    calendar: 'Appointment',
  },
};
