import type { Template } from '../template.ts';

export const bookingConfirmedEn: Template = {
  patient: {
    subject: 'Appointment confirmed: {date} at {time}',
    text: `Hello,

The appointment is confirmed.

With: {practitioner}
Date: {date}
Time: {time} ({zone})
Place: {place}

The attached invitation adds it to your calendar. To move or cancel it, open your Careflow account.

Reference: {reference}
`,
    sms: 'Appointment confirmed with {practitioner} on {day} at {time}, {place}',
    calendar: 'Appointment with {practitioner}',
  },
  practitioner: {
    subject: 'New appointment: {date} at {time}',
    text: `Hello,

An appointment was booked.

Date: {date}
Time: {time} ({zone})
Place: {place}

The attached invitation adds it to your calendar.

Reference: {reference}
`,
    sms: 'New appointment on {day} at {time}. Ref. {reference}',
    calendar: 'Appointment',
  },
};
