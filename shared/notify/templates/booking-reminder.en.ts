import type { Template } from '../template.ts';

export const bookingReminderEn: Template = {
  patient: {
    subject: 'Reminder: appointment {date} at {time}',
    text: `Hello,

This is a reminder of the coming appointment.

With: {practitioner}
Date: {date}
Time: {time} ({zone})
Place: {place}

If you cannot come, move or cancel it in your Careflow account: someone else will be glad of it.

Reference: {reference}
`,
    sms: 'Reminder: appointment with {practitioner} on {day} at {time}, {place}',
    smsOfSeveral: 'Reminder: appointments on {day}: {visits}',
    calendar: 'Appointment with {practitioner}',
  },
};
