"""The heart: states, leases, outbox, logs, artifacts and the running of an attempt.

The rule that everything here follows: the database is the truth, the broker a hint. A message
carries a job's id and nothing else; losing it delays the job, doubling it changes nothing.
"""
