"""The heart: states, leases, outbox, logs, artifacts and the running of an attempt.

The rule that everything here follows: the database is the truth, the broker a hint. A message
carries a job's id and nothing else; losing it delays the job, doubling it changes nothing.

Where to begin reading: states, then what comes to a job in order.

    its states     states claims outcomes
    asked for      submit again complete_config kept_config build_choices cancel requeue
    looked at      access queries results headline estimate waiting queues follow
    its turn       outbox relay passing_on turns abilities lacking holds
    an attempt     taking bench work attempt commands watch workdir endings figures patience
    its steps      steps shown_steps keeping earlier step_files
    its log        log_writer log_shipper capped logs live text
    its results    artifacts values bundle bundle_texts
    upkeep         upkeep duties sight lost_attempts presence offers
    its removal    retention sweep named store_owner
    watched        metrics present_metrics tallied_metrics tallies counting meters traces
    connections    context broker broker_settings sentinel redis_tls
"""
