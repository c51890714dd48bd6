"""What traffic is and amounts to: statuses, network, snapshot, indicators, the usual."""
