"""What is given to Prometheus and Grafana."""
