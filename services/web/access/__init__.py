"""Who may enter the operators' rooms: one operator, a session, and a limit on guessing.

Nothing here knows pages: ``callbacks/pages/log_in.py`` shows the form, ``/exploitation``,
``/camera`` and ``/dashboard`` ask ``session.is_signed_in``.
"""
