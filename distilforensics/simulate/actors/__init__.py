"""Those who send requests: people, classes, batch jobs, programs that serve end users, and pools of accounts."""
