"""
The administrator's pages: the sign-in, the frame that guards each page and form, strips and charts.

No JSON and no page for subscribers belongs here.
"""
