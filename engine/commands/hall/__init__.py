"""What the hall does to itself: absences, hand-overs, calendars, the word of an operator."""
