"""The stage of the live suite: real servers in a scratch directory, on loopback, with unprivileged ports.

Every module starts one kind of server or answers one kind of question.  Nothing here knows a test case.
"""
