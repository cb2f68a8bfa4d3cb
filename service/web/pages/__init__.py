"""
The pages for subscribers: months, meetings, and how to subscribe.

No administration belongs here, and no secret but the address of the page itself.
"""
